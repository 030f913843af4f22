// Waits until every Pod is ready for the next step, and names the Pods that are not.
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { createPodAsker } from '../../../tools/deploy/rotation/ask-pods.ts'
import {
  type Condition,
  isMet,
  type PodReport,
} from '../../../tools/deploy/rotation/pod-condition.ts'
import { waitForPods } from '../../../tools/deploy/rotation/wait-for-pods.ts'
import { deployment } from '../../../tools/kube/names.ts'
import { cleanUp } from '../../support/clean-up.ts'
import { makeFolder } from '../../support/folder.ts'

const reports = (primary: string | undefined, ...held: string[]): PodReport => {
  return { pod: 'pod-1', keys: { primary, held } }
}
const mute: PodReport = { pod: 'pod-2', problem: 'it is Pending' }

test.each<[boolean, Condition['every'], PodReport, string]>([
  [true, 'holds', reports('key-1', 'key-1', 'key-2'), 'it is there'],
  [false, 'holds', reports('key-1', 'key-1'), 'it is not'],
  [false, 'holds', mute, 'nobody knows'],
  [true, 'signs with', reports('key-2', 'key-2'), 'it signs'],
  [false, 'signs with', reports('key-1', 'key-1', 'key-2'), 'it is only held'],
  [false, 'signs with', mute, 'nobody knows'],
  [true, 'has dropped', reports('key-1', 'key-1'), 'it is gone'],
  [false, 'has dropped', reports('key-1', 'key-1', 'key-2'), 'it is there'],
  [false, 'has dropped', reports(undefined), 'a signer without keys has dropped nothing'],
  [false, 'has dropped', mute, 'nobody knows'],
])('is met: %s, for "%s"', (met, every, report) => {
  expect(isMet({ every, id: 'key-2' }, report)).toBe(met)
})

describe('waiting', () => {
  const condition: Condition = { every: 'signs with', id: 'key-2' }

  /** Asks that are answered one after the other, the last one for ever. */
  function wait(...answers: PodReport[][]) {
    let [time, asked] = [0, 0]
    const result = waitForPods(condition, {
      askPods: async () => answers[Math.min(asked++, answers.length - 1)] ?? [],
      now: () => time,
      sleep: async (ms) => {
        time += ms
      },
    })
    return { result, readTime: () => time }
  }

  test('ends when the last Pod reports', async () => {
    const done = reports('key-2', 'key-2')
    const { result, readTime } = wait([done, mute], [done, reports('key-1', 'key-1')], [done, done])
    expect(await result).toBe(true)
    expect(readTime()).toBe(2_000)
  })

  test('ends at once when there is no Pod', async () => expect(await wait([]).result).toBe(false))

  test('names each Pod and what it reports, when it takes too long', async () => {
    const { result, readTime } = wait([reports('key-1', 'key-1', 'key-2'), mute])
    await expect(result).rejects.toThrow(
      'not every Pod signs with key-2 after 180 s:\n  pod-1 signs with key-1 and holds key-1, key-2\n  pod-2 does not report: it is Pending',
    )
    await expect(result).rejects.toMatchObject({
      todo: expect.stringContaining('goes on from here'),
    })
    expect(readTime()).toBe(180_000)
  })
})

/** A kubectl that lists the Pods of `list.json` and writes down each port-forward, which leads to `port`. */
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

test('each Pod that runs is asked, through a port-forward that stays, and is made anew when it breaks', async () => {
  const text = '# TYPE signer_keys gauge\nsigner_keys{key_id="key-1",state="primary"} 1\n'
  let answer = { status: 200, text }
  const server = createServer((_, response) => {
    if (answer.status === 0) response.destroy()
    else response.writeHead(answer.status).end(answer.text)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  cleanUp(() => server.close())
  const kubectl = await fakeKubectl((server.address() as AddressInfo).port)
  const { askPods, stop } = createPodAsker(deployment)
  cleanUp(stop)

  const good = { pod: 'pod-1', keys: { primary: 'key-1', held: ['key-1'] } }
  await kubectl.list({ 'pod-1': 'Running', 'pod-2': 'Pending' })
  const pending = { pod: 'pod-2', problem: 'it is Pending' }
  expect(await askPods()).toEqual([good, pending])
  expect(await askPods()).toEqual([good, pending])
  expect(await kubectl.readForwards()).toBe('pod/pod-1\n')

  await kubectl.list({ 'pod-1': 'Running' })
  answer = { status: 403, text: 'RBAC: access denied' }
  const refused = 'GET /metrics is answered with 403'
  expect(await askPods()).toEqual([{ pod: 'pod-1', problem: refused }])
  answer = { status: 200, text: '# TYPE signer_keys gauge\nsigner_keys 1\n' }
  const old = expect.stringContaining('make deploy first')
  expect(await askPods()).toEqual([{ pod: 'pod-1', problem: old }])
  expect(await kubectl.readForwards()).toBe('pod/pod-1\n')

  answer = { status: 0, text: '' }
  expect(await askPods()).toEqual([{ pod: 'pod-1', problem: expect.any(String) }])
  answer = { status: 200, text }
  expect(await askPods()).toEqual([good])
  expect(await kubectl.readForwards()).toBe('pod/pod-1\npod/pod-1\n')
})
