// `make evidence` as a program, with a kubectl that answers as a cluster does. It records what it is asked for.
import { createHash } from 'node:crypto'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { tryRun } from '../../../tools/cli/exec.ts'
import { makeFolder, makePrograms } from '../../support/folder.ts'

const program = join(CHECKOUT, 'tools/incident/evidence.ts')
const folder = 'signing_web-1_uid-1'
const pod = {
  metadata: { name: 'web-1', namespace: 'signing', uid: 'uid-1' },
  spec: { nodeName: 'node-1', containers: [{ name: 'frontend' }, { name: 'signer' }] },
  status: { containerStatuses: [{ name: 'frontend' }, { name: 'signer', restartCount: 1 }] },
}
const forbidden = `echo 'Error from server (Forbidden): nodes "node-1" is forbidden' >&2; exit 1`
const listing = (...names: string[]) =>
  `echo '<pre>${names.map((name) => `<a href="${name}">x</a>`).join('')}</pre>'`
const ofNode = `
  *"/logs/pods/${folder}/") ${listing('frontend/', 'signer/')};;
  *"/${folder}/frontend/") ${listing('0.log')};;
  *"/${folder}/signer/") ${listing('0.log', '1.log', '1.log.20261129-120000.gz')};;
  *"/${folder}/"*) printf 'bytes of %s\\377' "\${*##*/}";;`
const noNode = `*"/proxy/"*) ${forbidden};;`

type Result = { code: number; said: string; stdout: string; out: string; asked: string }

/** `cases`: of the shell, for the arguments of kubectl. The first that fits answers. */
async function collect(cases: string, out?: string): Promise<Result> {
  const work = await makeFolder()
  const asked = join(work, 'asked')
  const kubectl = `printf '%s\\n' "$*" >> ${asked}
case "$*" in
  ${cases}
  "auth can-i"*|*"create -f -"*) echo true; echo true; echo true;;
  *"whoami"*) echo '{"status":{"userInfo":{"username":"alice"}}}';;
  "config view"*) printf https://cluster.example;;
  "api-resources"*) echo pods; echo events; exit 1;;
  "get pods"*"-o json"*) echo '${JSON.stringify({ items: [pod] })}';;
  *"-o json"*) ;;
  *) echo 'kind: List';;
esac`
  const bin = await makePrograms({ kubectl })
  const target = out ?? join(work, 'out')
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}`, OUT: target }
  const { code, stdout, stderr } = await tryRun('node', [program], { env, timeoutMs: 60_000 })
  const text = await readFile(asked, 'utf8').catch(() => '')
  return { code, stdout, said: stderr, out: target, asked: text }
}

const read = (path: string) => readFile(path, 'utf8')
const listFiles = async (path: string) =>
  (await readdir(path, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

describe('with all rights', async () => {
  const { code, said, stdout, out, asked } = await collect(ofNode)
  const manifest = JSON.parse(await read(join(out, 'manifest.json')))

  test('ends with 0, and prints the folder', () => {
    expect(said).not.toContain('NOT READ  logs of web-1')
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${out}\n` })
  })

  test('copies every file of every instance as it is', async () => {
    const signer = join(out, 'logs', folder, 'signer')
    expect((await readdir(signer)).sort()).toEqual(['0.log', '1.log', '1.log.20261129-120000.gz'])
    const bytes = await readFile(join(signer, '1.log.20261129-120000.gz'))
    expect(bytes).toEqual(Buffer.from('bytes of 1.log.20261129-120000.gz\xff', 'latin1'))
  })

  test('lists each file with its size and its hash, and who made it', async () => {
    expect(manifest).toMatchObject({
      user: { username: 'alice' },
      cluster: 'https://cluster.example',
    })
    const files = (await listFiles(out)).filter((path) => !path.endsWith('manifest.json'))
    expect(manifest.files).toHaveLength(files.length)
    for (const { path, bytes, sha256 } of manifest.files) {
      const content = await readFile(join(out, path))
      const hash = createHash('sha256').update(content).digest('hex')
      expect({ bytes, sha256 }, path).toEqual({ bytes: content.length, sha256: hash })
    }
    const hash = createHash('sha256')
      .update(await read(join(out, 'manifest.json')))
      .digest('hex')
    expect(said).toContain(hash)
  })

  test('lets only its user read files and folders', async () => {
    const files = await listFiles(out)
    const folders = [...new Set(files.map((path) => join(path, '..')))]
    const modes = async (paths: string[]) =>
      new Set(await Promise.all(paths.map(async (path) => (await stat(path)).mode & 0o777)))
    expect(await modes(files)).toEqual(new Set([0o600]))
    expect(await modes([out, ...folders])).toEqual(new Set([0o700]))
  })

  test('never asks for a Secret, and changes nothing', () => {
    const calls = asked.trim().split('\n')
    expect(calls.length).toBeGreaterThan(15)
    expect(
      calls.filter((call) => /secret(?!.*role)/i.test(call.replaceAll('secure-signing', ''))),
    ).toEqual([])
    // The question for rights is a create that stores nothing.
    const verbs = new Set(
      calls.filter((call) => !call.startsWith('create -f -')).map((call) => call.split(' ')[0]),
    )
    expect([...verbs].sort()).toEqual(['api-resources', 'auth', 'config', 'get', 'version'])
  })
})

describe('without the right nodes/proxy, and without events', async () => {
  const { code, said, out } = await collect(`
  ${noNode}
  "get events -n signing"*) echo 'etcd is slow' >&2; exit 1;;
  *"logs "*"--previous"*) echo earlier;;
  *"logs "*) echo newest;;`)

  test('reads the newest file of the running instance and of the one before', async () => {
    const signer = join(out, 'logs', folder, 'signer')
    expect(await read(join(signer, '1.kubectl.log'))).toBe('newest\n')
    expect(await read(join(signer, '0.kubectl.log'))).toBe('earlier\n')
  })

  test('says what is missing, ends with 0, and has it in the manifest', async () => {
    expect(code).toBe(0)
    expect(said).toMatch(
      /NOT READ {2}logs of web-1 \(signer\): .*Forbidden.* Files that kubelet has rotated/,
    )
    expect(said).toContain('INCOMPLETE')
    const { unread } = JSON.parse(await read(join(out, 'manifest.json')))
    expect(unread).toContainEqual({
      what: 'logs of web-1 (signer)',
      why: expect.stringContaining('nodes "node-1" is forbidden'),
    })
  })

  test('a part that fails does not stop the others', async () => {
    expect(said).toContain('NOT READ  events.yaml: etcd is slow')
    expect(await read(join(out, 'resources/pods.yaml'))).toBe('kind: List\n')
  })
})

test("ends with 1 if nothing of a signer's log can be read, and collects the rest", async () => {
  const { code, said, out } = await collect(`
  ${noNode}
  *"logs "*"-c signer"*) echo 'container is waiting' >&2; exit 1;;
  *"logs "*) echo newest;;`)
  expect(code).toBe(1)
  expect(said).toContain('the log of a signer could not be read:\n  web-1: ')
  expect(await read(join(out, 'logs', folder, 'frontend/0.kubectl.log'))).toBe('newest\n')
  expect(await read(join(out, 'resources/events.yaml'))).toBe('kind: List\n')
  expect(await listFiles(join(out, 'logs', folder))).toHaveLength(1)
})

test('ends with 1 if no Pod has a signer', async () => {
  const { code, said } = await collect(`"get pods"*"-o json"*) echo '{"items":[]}';;`)
  expect(code).toBe(1)
  expect(said).toContain('no Pod with a signer was found')
})

test('refuses a folder that has files, before it asks the cluster', async () => {
  const out = await makeFolder()
  await writeFile(join(out, 'earlier'), '')
  const { code, said, asked } = await collect(ofNode, out)
  expect({ code, asked }).toEqual({ code: 1, asked: '' })
  expect(said).toContain('has files, and evidence replaces none')
})
