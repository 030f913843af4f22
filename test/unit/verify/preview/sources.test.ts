// What a folder of a pull request may contain, before anything reads it as YAML.
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { CHECKOUT } from '../../../../tools/cli/checkout.ts'
import { checkFolder } from '../../../../tools/verify/preview/source/check-folder.ts'
import { makeFolder } from '../../../support/folder.ts'

async function check(files: Readonly<Record<string, string>>): Promise<string[]> {
  const folder = await makeFolder()
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  const found = await checkFolder(folder)
  return found.map(({ file, message }) => `${relative(folder, file)} ${message}`)
}

const kustomization = (content: object) => ({ 'kustomization.yaml': stringify(content) })

describe('takes', () => {
  test('files of YAML', async () => {
    expect(
      await check({ 'a.yaml': 'a: &x 1\nb: *x\n', 'b/c.json': '{}', 'README.md': '' }),
    ).toEqual([])
  })

  test('a kustomization of its own folder', async () => {
    const files = {
      ...kustomization({
        resources: ['a.yaml'],
        patches: [{ path: 'a.yaml' }, { patch: '- op: remove\n  path: /../x' }],
        configMapGenerator: [{ name: 'x', files: ['b=a.yaml'] }],
      }),
      'a.yaml': '',
    }
    expect(await check(files)).toEqual([])
  })

  test('a kustomization that reads this checkout', async () => {
    const folder = await makeFolder()
    const way = relative(folder, join(CHECKOUT, 'k8s'))
    const content = {
      components: [`${way}/layouts/default`],
      transformers: [`${way}/overlays/default/released-image`],
    }
    await writeFile(join(folder, 'kustomization.yaml'), stringify(content))
    expect(await checkFolder(folder)).toEqual([])
  })
})

describe('refuses', () => {
  const hostile: Record<string, [files: Record<string, string>, refusal: RegExp]> = {
    'a remote base': [
      kustomization({ resources: ['https://github.com/evil/base?ref=main'] }),
      /reads https:.* not in the folder/,
    ],
    'a remote base without a scheme': [
      kustomization({ resources: ['github.com/evil/base'] }),
      /reads github\.com/,
    ],
    'a remote base by SSH': [
      kustomization({ resources: ['git@github.com:evil/base.git'] }),
      /reads git@github/,
    ],
    'a folder outside': [kustomization({ resources: ['../../etc'] }), /reads \.\.\/\.\.\/etc/],
    'a file outside': [
      kustomization({ configMapGenerator: [{ name: 'x', files: ['k=/etc/passwd'] }] }),
      /reads \/etc\/passwd/,
    ],
    'a chart': [kustomization({ helmCharts: [{ name: 'x' }] }), /uses the field helmCharts/],
    'a plugin': [kustomization({ generators: ['x.yaml'] }), /uses the field generators/],
    'a validator': [kustomization({ validators: ['x.yaml'] }), /uses the field validators/],
    'a transformer of its own': [
      { ...kustomization({ transformers: ['x.yaml'] }), 'x.yaml': '' },
      /has a transformer of its own/,
    ],
    'a generated Secret': [
      kustomization({ secretGenerator: [{ name: 'hmac-key' }] }),
      /uses the field secretGenerator/,
    ],
    'a kustomization inside of the folder': [
      Object.fromEntries(
        Object.entries(kustomization({ helmCharts: [] })).map(([name, text]) => [
          `in/${name}`,
          text,
        ]),
      ),
      /in\/kustomization\.yaml uses the field helmCharts/,
    ],
    'YAML that grows': [{ 'a.yaml': makeBomb() }, /has 81 YAML aliases/],
    'a large file': [{ 'a.yaml': `a: ${'x'.repeat(1_000_001)}` }, /has more than 1000000 bytes/],
    'very many files': [
      Object.fromEntries(Array.from({ length: 501 }, (_, index) => [`${index}.yaml`, ''])),
      /has more than 500 files/,
    ],
  }
  for (const [name, [files, refusal]] of Object.entries(hostile)) {
    test(name, async () => {
      const found = await check(files)
      expect(found.filter((each) => refusal.test(each))).not.toEqual([])
    })
  }

  test('a link to a place outside', async () => {
    const folder = await makeFolder()
    await symlink('/etc/passwd', join(folder, 'a.yaml'))
    expect(await checkFolder(folder)).toMatchObject([{ message: /is a link to a place outside/ }])
  })

  test('a folder that does not exist', async () => {
    expect(await checkFolder(join(await makeFolder(), 'x'))).toMatchObject([
      { message: 'does not exist' },
    ])
  })
})

/** Each level has the one before nine times. */
function makeBomb(): string {
  const levels = Array.from({ length: 9 }, (_, index) => {
    const items = Array.from({ length: 9 }, () => `*l${index}`).join(', ')
    return `l${index + 1}: &l${index + 1} [${items}]`
  })
  return ['l0: &l0 [x]', ...levels].join('\n')
}
