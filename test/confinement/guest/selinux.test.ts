// Both services run under the types of the component, in a guest that enforces Debian's policy with the component's module. Then a
// probe tries under each type what it must not do, with the rights of the container and as root with all capabilities.
import { createHmac } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import { parseAttempts } from '../../support/guest/probe.ts'
import { formatRefusals, isRefused, judgeAttempts } from '../../support/selinux/refusals.ts'
import { runSelinuxGuest, type SelinuxRun } from '../../support/selinux/selinux-guest.ts'

const names = ['frontend', 'signer'] as const
let run: SelinuxRun
beforeAll(async () => {
  run = await runSelinuxGuest()
}, 1_200_000)

const part = (title: string) => run.parts.get(title) ?? ''

test.each([
  ['a message', 'first answer', 'first'],
  ['with a changed key', 'changed key', 'changed'],
  ['again after a restart with volumes that the runtime labelled', 'started again', 'changed'],
])('signs %s', (_, title, name) => {
  const answer = JSON.parse(/^answer \d (.*)$/m.exec(part(title))?.[1] ?? '{}')
  const signature = createHmac('sha256', run.keys.get(name) ?? '')
    .update(answer.processed_message)
    .digest('hex')
  expect(answer).toMatchObject({ key_id: name, signature })
})

test('lets the runtime see the containers, with the types and the level of the Deployment', () => {
  expect(part('state').match(/"running"/g)).toHaveLength(3)
  const context = (name: string) => `system_u:system_r:secure_signing_${name}_t:s0:c417,c893`
  expect(part('state').split('\n')).toEqual(
    expect.arrayContaining([context('signer'), context('frontend')]),
  )
})

test('lets the runtime execute a program in the frontend, which may not listen at port 9000', () => {
  expect(part('exec').trim()).toBe('EACCES')
})

test('lets SIGTERM arrive', () => {
  for (const event of ['draining', 'stopped']) {
    expect(part('stopped').split(`"event":"${event}"`)).toHaveLength(3)
  }
})

test('lets the signer watch its keys', () => {
  expect(run.refusals.filter((line) => line.includes('{ watch }'))).toEqual([])
})

test('lets a neighbour in the Pod connect to the signer, and no other Pod', () => {
  const errno = (title: string) => parseAttempts(part(title)).map((attempt) => attempt.errno)
  expect(errno('neighbour')).toEqual([''])
  expect(errno('other pod')).toEqual(['EACCES'])
  expect(errno('other pod permissive')).toEqual([''])
})

/** What succeeds as root with all capabilities. The services need most of it. */
const allowed = {
  frontend: [
    ...['read /etc/passwd', 'list /', 'write to its own memory file'],
    ...['TCP socket', 'UDP socket', 'TCP socket for IPv6', 'UDP socket for IPv6'],
    // Debian's policy allows every domain a Unix stream socket.
    ...['Unix stream socket', 'Unix seqpacket socket', 'socket pair'],
    'listen on an abstract Unix socket',
    'connect to a TCP port',
  ],
  signer: [
    ...['read /etc/passwd', 'read /run/key/primary', 'list /', 'write to its own memory file'],
    ...['unlink /dev/shm/probe-file', 'unlink /run/signer/probe-file'],
    'unlink /run/pairing/probe-file',
    ...['Unix stream socket', 'Unix seqpacket socket', 'socket pair'],
    'listen on an abstract Unix socket',
  ],
}

test.each(names)('refuses the %s all else, even as root, and records it', (name) => {
  const attempts = judgeAttempts(run, name, 'root').filter(({ isPossible }) => isPossible)
  const others = attempts.filter((each) => !isRefused(each))
  expect(others.map((each) => each.name).toSorted()).toEqual(allowed[name].toSorted())
  expect(others.filter(({ errno }) => errno !== '')).toEqual([])
})

test.each(names)('lets the %s do no more with the rights that it has', (name) => {
  const attempts = judgeAttempts(run, name, 'deployed')
  expect(attempts).not.toEqual([])
  const done = attempts.filter(({ errno }) => errno === '')
  expect(allowed[name]).toEqual(expect.arrayContaining(done.map((each) => each.name)))
})

test('lists what each type refuses, with the words of the kernel', () => {
  const [frontend, signer] = names.map((name) => judgeAttempts(run, name, 'root'))
  const table = formatRefusals(frontend ?? [], signer ?? [])
  console.log(table)
  expect(table).toContain('secure_signing_signer_t:tcp_socket')
})
