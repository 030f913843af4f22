// A rotation waits until every Pod reports that it is ready for the next step. It uses one port-forward for each Pod, and an
// error names the Pods that are not ready.
import { spawn } from 'node:child_process'
import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { parseKeyMetrics } from '../../../tools/deploy/keys/key-metrics.ts'
import { reportTooOld } from '../../../tools/deploy/rotation/key-source.ts'
import { openLog, readKeyLine } from '../../../tools/deploy/rotation/log-source.ts'
import {
  type Condition,
  isMet,
  type PodReport,
} from '../../../tools/deploy/rotation/pod-condition.ts'
import { createPodReporter } from '../../../tools/deploy/rotation/pod-reporter.ts'
import { waitForPods } from '../../../tools/deploy/rotation/wait-for-pods.ts'
import { deployment, namespace } from '../../../tools/kube/names.ts'
import { cleanUp } from '../../support/clean-up.ts'
import { makeFolder } from '../../support/folder.ts'
import { WAIT_MS } from '../../support/timeouts.ts'

const reports = (primary: string | undefined, ...held: string[]): PodReport => {
  return { pod: 'pod-1', keys: { primary, held } }
}
const unreachable: PodReport = { pod: 'pod-2', problem: 'it is Pending' }

test.each<[boolean, 'holds' | 'signs with' | 'has dropped', PodReport, string]>([
  [true, 'holds', reports('key-1', 'key-1', 'key-2'), 'it holds the key'],
  [false, 'holds', reports('key-1', 'key-1'), 'it does not hold the key'],
  [false, 'holds', unreachable, 'it does not report'],
  [true, 'signs with', reports('key-2', 'key-2'), 'it signs with the key'],
  [false, 'signs with', reports('key-1', 'key-1', 'key-2'), 'it only holds the key'],
  [false, 'signs with', unreachable, 'it does not report'],
  [true, 'has dropped', reports('key-1', 'key-1'), 'it dropped the key'],
  [false, 'has dropped', reports('key-1', 'key-1', 'key-2'), 'it holds the key'],
  [false, 'has dropped', reports(undefined), 'it has no usable key'],
  [false, 'has dropped', unreachable, 'it does not report'],
])('%s: every Pod %s key-2, with the report %j: %s', (met, every, report) => {
  expect(isMet({ every, id: 'key-2' }, report)).toBe(met)
})

test('a Pod reports its keys also if it has none of the form', () => {
  const condition: Condition = { every: 'reports', id: 'its keys' }
  expect(isMet(condition, reports(undefined))).toBe(true)
  expect(isMet(condition, unreachable)).toBe(false)
})

describe('waiting', () => {
  const condition: Condition = { every: 'signs with', id: 'key-2' }

  /** Waits for Pods that report `answers` one after the other, and then the last one always. */
  function wait(...answers: PodReport[][]) {
    let [time, asked] = [0, 0]
    const refreshed: string[][] = []
    const notes: string[] = []
    const result = waitForPods(condition, {
      readReports: async () => answers[Math.min(asked++, answers.length - 1)] ?? [],
      refresh: async (pods) => void refreshed.push([...pods]),
      note: (line) => notes.push(line),
      now: () => time,
      sleep: async (ms) => {
        time += ms
      },
    })
    return { result, refreshed, notes, readTime: () => time }
  }

  test('ends when the last Pod is ready', async () => {
    const done = reports('key-2', 'key-2')
    const { result, refreshed, readTime } = wait(
      [done, unreachable],
      [done, reports('key-1', 'key-1')],
      [done, done],
    )
    expect(await result).toBe(true)
    expect(readTime()).toBe(2_000)
    // Once for each round, and only the Pods that lack something.
    expect(refreshed).toEqual([['pod-2'], ['pod-1']])
  })

  test('ends at once if there is no Pod', async () => expect(await wait([]).result).toBe(false))

  test('names a Pod whose signer is too old at once, and goes on when a rollout replaces it', async () => {
    const done = reports('key-2', 'key-2')
    const old: PodReport = { pod: 'pod-3', ...reportTooOld('webhook') }
    const { result, notes } = wait([done, old], [done, old], [done])
    expect(await result).toBe(true)
    expect(notes).toEqual([
      'pod-3 does not report: its signer is too old to report webhook keys, so run make deploy first',
    ])
  })

  test('fails after three minutes, and names each Pod with its report', async () => {
    const { result, notes, readTime } = wait([reports('key-1', 'key-1', 'key-2'), unreachable])
    await expect(result).rejects.toThrow(
      'not every Pod signs with key-2 after 180 s:\n  pod-1 signs with key-1 and holds key-1, key-2\n  pod-2 does not report: it is Pending',
    )
    await expect(result).rejects.toMatchObject({
      todo: expect.stringContaining('continues the rotation'),
    })
    expect(readTime()).toBe(180_000)
    expect(notes).toEqual([])
  })
})

/** Makes kubectl list the Pods of `list.json`, and record each port-forward. The port-forwards lead to `port`. */
async function fakeKubectl(port: number) {
  const folder = await makeFolder()
  const script = `#!/bin/sh
if [ "$1" = get ]; then exec cat ${folder}/list.json; fi
echo "$6" >> ${folder}/forwards
echo "Forwarding from 127.0.0.1:${port} -> 8081"
exec sleep 60
`
  await writeFile(join(folder, 'kubectl'), script, { mode: 0o755 })
  vi.stubEnv('PATH', `${folder}:${process.env.PATH}`)
  cleanUp(() => vi.unstubAllEnvs())
  const list = (pods: Record<string, string>) => {
    const items = Object.entries(pods).map(([name, phase]) => ({
      metadata: { name },
      status: { phase },
    }))
    return writeFile(join(folder, 'list.json'), JSON.stringify({ items }))
  }
  return { list, readForwards: () => readFile(join(folder, 'forwards'), 'utf8') }
}

test('each running Pod reports through one port-forward, which is replaced if it breaks', async () => {
  const text = '# TYPE signer_keys gauge\nsigner_keys{key_id="key-1",state="primary"} 1\n'
  let answer = { status: 200, text }
  const server = createServer((_, response) => {
    if (answer.status === 0) response.destroy()
    else response.writeHead(answer.status).end(answer.text)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  cleanUp(() => server.close())
  const kubectl = await fakeKubectl((server.address() as AddressInfo).port)
  const { readReports, stop } = createPodReporter(`app=${deployment}`)
  cleanUp(stop)

  const good = { pod: 'pod-1', keys: { primary: 'key-1', held: ['key-1'] } }
  await kubectl.list({ 'pod-1': 'Running', 'pod-2': 'Pending' })
  const pending = { pod: 'pod-2', problem: 'it is Pending' }
  expect(await readReports()).toEqual([good, pending])
  expect(await readReports()).toEqual([good, pending])
  expect(await kubectl.readForwards()).toBe('pod/pod-1\n')

  await kubectl.list({ 'pod-1': 'Running' })
  answer = { status: 403, text: 'RBAC: access denied' }
  const refused = 'GET /metrics returns 403'
  expect(await readReports()).toEqual([{ pod: 'pod-1', problem: refused }])
  answer = { status: 200, text: '# TYPE signer_keys gauge\nsigner_keys 1\n' }
  const old = expect.stringContaining('run make deploy first')
  expect(await readReports()).toEqual([{ pod: 'pod-1', problem: old, isTooOld: true }])
  expect(await kubectl.readForwards()).toBe('pod/pod-1\n')

  answer = { status: 0, text: '' }
  expect(await readReports()).toEqual([{ pod: 'pod-1', problem: expect.any(String) }])
  answer = { status: 200, text }
  expect(await readReports()).toEqual([good])
  expect(await kubectl.readForwards()).toBe('pod/pod-1\npod/pod-1\n')
})

describe('metrics', () => {
  const metrics = (...labels: string[]) =>
    ['# TYPE signer_keys gauge', ...labels.map((each) => `signer_keys{${each}} 1`), ''].join('\n')
  const both = metrics(
    'key_id="key-1",form="raw",state="primary"',
    'key_id="webhook-1",form="webhook",state="active"',
    'key_id="webhook-2",form="webhook",state="primary"',
  )
  const rawOnly = metrics('key_id="key-1",form="raw",state="primary"')
  const old = metrics('key_id="key-1",state="primary"')

  test.each([
    ['raw keys beside others', both, 'raw', { primary: 'key-1', held: ['key-1'] }],
    [
      'webhook keys beside others',
      both,
      'webhook',
      { primary: 'webhook-2', held: ['webhook-1', 'webhook-2'] },
    ],
    ['no webhook key', rawOnly, 'webhook', { primary: undefined, held: [] }],
    ['the raw keys of an older signer', old, 'raw', { primary: 'key-1', held: ['key-1'] }],
    ['that an older signer knows no webhook keys', old, 'webhook', undefined],
  ] as const)('name %s', (_, text, form, keys) => {
    expect(parseKeyMetrics(text, form)).toEqual(keys)
  })
})

describe('without a mesh', () => {
  const line = (event: string, fields: object) =>
    JSON.stringify({ level: 'info', event, ...fields })
  const first = { primary: 'key-1', count: 1, key_ids: 'key-1' }
  const second = { primary: 'key-1', count: 2, key_ids: 'key-1,key-2' }

  const both = {
    ...second,
    key_ids: 'key-1,webhook-1,webhook-2',
    webhook_primary: 'webhook-2',
    webhook_key_ids: 'webhook-1,webhook-2',
  }
  const none = { primary: 'key-1', key_ids: 'key-1', webhook_primary: '', webhook_key_ids: '' }
  const noRaw = { ...both, primary: '', key_ids: 'webhook-1,webhook-2' }
  const webhooks = { primary: 'webhook-2', held: ['webhook-1', 'webhook-2'] }

  test.each([
    ['of both forms', both, 'raw', { keys: { primary: 'key-1', held: ['key-1'] } }],
    ['of both forms', both, 'webhook', { keys: webhooks }],
    ['of webhooks only', noRaw, 'raw', { keys: { primary: undefined, held: [] } }],
    ['of webhooks only', noRaw, 'webhook', { keys: webhooks }],
    ['of no webhooks', none, 'webhook', { keys: { primary: undefined, held: [] } }],
    ['of no form, of an older version', second, 'webhook', reportTooOld('webhook')],
  ] as const)('a signer with keys %s: %j, asked for its %s keys', (_, fields, form, report) => {
    expect(readKeyLine(line('keys_held', fields), form)).toEqual(report)
  })

  test.each([
    ['loads its keys', line('keys_loaded', first), { primary: 'key-1', held: ['key-1'] }],
    ['repeats them', line('keys_held', second), { primary: 'key-1', held: ['key-1', 'key-2'] }],
    ['is of an older version', line('keys_loaded', { primary: 'key-1', count: 1 }), undefined],
    ['logs a request', line('audit', { request_id: line('keys_held', second) }), undefined],
    ['logs a part of a line', line('keys_held', second).slice(0, -1), undefined],
  ])('a signer that %s', (_, text, keys) => expect(readKeyLine(text)).toEqual(keys && { keys }))

  test('each Pod reports by the last line of its log, which is followed again if it ends', async () => {
    const folder = await makeFolder()
    const list = { items: [{ metadata: { name: 'pod-1' }, status: { phase: 'Running' } }] }
    await writeFile(join(folder, 'list.json'), JSON.stringify(list))
    const script = `#!/bin/sh
if [ "$1" = get ]; then exec cat ${folder}/list.json; fi
echo "$*" >> ${folder}/follows
exec tail -n +1 -F ${folder}/log --pid=$(cat ${folder}/container)
`
    await writeFile(join(folder, 'kubectl'), script, { mode: 0o755 })
    const container = spawn('sleep', ['60'])
    await writeFile(join(folder, 'container'), String(container.pid))
    await writeFile(join(folder, 'log'), '')
    vi.stubEnv('PATH', `${folder}:${process.env.PATH}`)
    cleanUp(() => vi.unstubAllEnvs())
    const { readReports, stop } = createPodReporter(`app=${deployment}`, openLog)
    cleanUp(stop)
    const report = (keys: object) => [{ pod: 'pod-1', keys }]
    const eventually = (wanted: unknown) =>
      vi.waitFor(async () => expect(await readReports()).toEqual(wanted), WAIT_MS)

    const silent = expect.stringContaining('does not say which keys it holds')
    expect(await readReports()).toEqual([{ pod: 'pod-1', problem: silent }])
    await appendFile(join(folder, 'log'), `${line('keys_loaded', first)}\n`)
    await eventually(report({ primary: 'key-1', held: ['key-1'] }))
    await appendFile(join(folder, 'log'), `${line('audit', {})}\n${line('keys_held', second)}\n`)
    await eventually(report({ primary: 'key-1', held: ['key-1', 'key-2'] }))

    await writeFile(join(folder, 'log'), '')
    await writeFile(join(folder, 'container'), String(process.pid))
    container.kill()
    await eventually([{ pod: 'pod-1', problem: expect.stringContaining('kubectl logs ended') }])
    await eventually([{ pod: 'pod-1', problem: silent }])
    const follow = `logs -f -n ${namespace} pod-1 -c signer --since=90s\n`
    // kubectl writes it after its start, which the report does not wait for.
    await vi.waitFor(
      async () => expect(await readFile(join(folder, 'follows'), 'utf8')).toBe(follow.repeat(2)),
      WAIT_MS,
    )
  })
})
