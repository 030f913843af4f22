// A checkout works the same with the line breaks of Windows: a clone with core.autocrlf, and an archive that has CRLF.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { run, tryRun } from '../../../tools/cli/exec.ts'
import { separatePods } from '../../../tools/kube/layouts.ts'
import { copyCheckout } from '../../support/api-server/checkout.ts'
import { describeSample } from '../../support/api-server/sample-values.ts'
import { makeRenderFolder } from '../../support/folder.ts'

/** Together they have every component. */
const samples = [
  describeSample([
    ...['apparmor', 'deployer', 'external-secrets-aws', 'high-availability', 'monitoring'],
    ...['network-policy', 'seccomp', 'webhook-opt-out', 'autoscaling', 'tracing'],
  ]),
  describeSample(['selinux', 'vault']),
  describeSample(['external-secrets-azure', 'network-policy', 'tracing'], separatePods),
  describeSample(['external-secrets-gcp']),
]
let clone: string
let archive: string

beforeAll(async () => {
  // In this checkout, so that programs find the libraries that copyCheckout leaves out.
  const parent = await makeRenderFolder()
  // Its path has a space, as on Windows' home folders.
  archive = join(parent, 'with a space')
  clone = join(parent, 'clone')
  await copyCheckout(archive)
  await run('git', ['-c', 'core.autocrlf=true', 'clone', '--quiet', archive, clone])
  const names = (await run('git', ['-C', archive, 'ls-files', '-z'])).split('\0').filter(Boolean)
  for (const name of names) {
    const text = await readFile(join(archive, name), 'utf8')
    await writeFile(join(archive, name), text.replaceAll('\n', '\r\n'))
  }
  await run('cp', ['--recursive', join(archive, 'node_modules'), clone])
  // make would install them again if they were older than the lockfile.
  await run(
    'touch',
    [archive, clone].map((each) => join(each, 'node_modules')),
  )
})

test('a clone with core.autocrlf has LF', async () => {
  const states = await run('git', ['-C', clone, 'ls-files', '--eol'])
  expect(states).toContain('w/lf')
  expect(states).not.toMatch(/w\/(?:crlf|mixed)/)
})

test('an archive with CRLF has the same help', async () => {
  const help = (cwd: string) => run('make', ['help'], { cwd })
  expect(await help(archive)).toBe(await help(clone))
})

describe('an archive with CRLF has the same', () => {
  test.each([
    [
      'image tags',
      `const { computeImageReferences } = await load('tools/images/image-references.ts')
      print(await computeImageReferences({}))`,
    ],
    [
      'files in the images',
      `const { stageContext } = await load('tools/images/image-context.ts')
      print(await stageContext('context'))
      for (const name of ['frontend', 'signer'])
        for (const file of ['root/app/main.mjs', 'root/app/LICENSES', 'Containerfile'])
          print(readFileSync('context/' + name + '/' + file, 'utf8'))`,
    ],
    [
      'script that starts the local node',
      `const { readText } = await load('tools/cli/checkout.ts')
      print(await readText('tools/local-cluster/node/enter.sh'))`,
    ],
    [
      'resources, with every component',
      `const { renderResources } = await load('tools/deploy/render/render.ts')
      for (const sample of ${JSON.stringify(samples)})
        print((await renderResources({ ...sample, folder: '.deploy' })).yaml)`,
    ],
  ])('%s', async (_, program) => {
    const [expected, found] = [await evaluate(clone, program), await evaluate(archive, program)]
    expect(expected).not.toContain('\\r\\n')
    expect(found).toBe(expected)
  })
})

test('an archive with CRLF has no findings', async () => {
  const env = { ...process.env, KUBECONFIG: '/nowhere', IMAGE_PREFIX: 'registry.example/team' }
  const args = [join(archive, 'tools/analyze/analyze.ts')]
  const { stdout, stderr } = await tryRun('node', args, { cwd: archive, env })
  expect(stdout).toBe('')
  expect(stderr).toContain('no findings')
})

/** Runs a program in a checkout. It can load modules of the checkout, and print values. */
function evaluate(cwd: string, program: string): Promise<string> {
  const helpers = `import { readFileSync } from 'node:fs'
    const load = (path) => import(process.cwd() + '/' + path)
    const print = (value) => console.log(JSON.stringify(value))`
  return run('node', ['--input-type=module', '--eval', `${helpers}\n${program}`], { cwd })
}
