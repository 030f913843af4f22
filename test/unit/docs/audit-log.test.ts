// The commands of docs/observability.md read the audit log of a signer, whether requests came alone or in one call.
import { createSecretKey, randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { run, tryRun } from '../../../tools/cli/exec.ts'
import { makeFolder } from '../../support/folder.ts'
import { readFile } from '../../support/pages/pages.ts'
import { post } from '../../support/services/http.ts'
import { makeRecordedSignerApp } from '../../support/services/signer-app.ts'
import { NO_JQ, skipUnless } from '../../support/skips.ts'

const hasJq = (await tryRun('jq', ['--version'])).code === 0
const section = /\n## Audit log\n(.*?)\n## /s.exec(readFile('docs/observability.md'))?.[1] ?? ''
const script = /```sh\n(.*?)```/s.exec(section)?.[1] ?? ''
const newKey = (id: string) => ({ id, material: createSecretKey(randomBytes(32)) })
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'

test('the commands count signatures, and list the requests', skipUnless(hasJq, NO_JQ), async () => {
  const ring = { raw: [newKey('new')], webhook: [newKey('webhook-1')] }
  const { app, writes } = makeRecordedSignerApp(ring)
  const traceparent = `00-${traceId}-00f067aa0ba902b7-01`
  const items = [
    { request_id: 'b', message: 'b' },
    { request_id: 'c', message: 'c', trace_id: traceId },
    { request_id: 'd', message: 1 },
    { request_id: 'e', body: 'e', consumer: 'acme', consumer_versions: [2, 1] },
  ]
  await post(app, '/sign', { message: 'a' }, { 'x-request-id': 'a', traceparent })
  await post(app, '/sign/batch', { items }, { 'x-request-id': 'call' })
  const folder = await makeFolder()
  await writeFile(join(folder, 'signer.log'), writes.join(''))
  const output = await run('sh', ['-ec', `cd "$1"\n${script}`, 'sh', folder])
  const [count, consumers, ...lines] = output.trimEnd().split('\n')
  expect(count).toBe('5')
  expect(consumers).toBe('2 acme')
  expect(lines.slice(0, 5)).toEqual(['a', 'b', 'c', 'e', 'e'])
  const line = { time: '1970-01-01T00:00:00.000Z', caller: 'unknown' }
  const signed = { ...line, outcome: 'signed', key_id: 'new' }
  const webhook = { request_id: 'e', ...signed, key_id: 'webhook-1' }
  expect(lines.slice(5).map((each) => JSON.parse(each))).toEqual([
    { request_id: 'a', ...signed, trace_id: traceId },
    { request_id: 'b', ...signed, trace_id: '' },
    { request_id: 'c', ...signed, trace_id: traceId },
    { request_id: 'd', ...line, outcome: 'invalid_request', key_id: null, trace_id: null },
    ...[1, 2].map(() => ({ ...webhook, trace_id: null })),
  ])
})
