// kubelet starts the component's DaemonSet, which loads the profiles into Debian's kernel, and then the Pod of the default layout
// with both components for the kernel. A probe tries what the profiles refuse: as the containers run, and as root without a filter.
import { createHmac } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import type { Resource } from '../../../tools/kube/resources.ts'
import { buildDebian } from '../../../tools/local-cluster/images/root-file-systems.ts'
import {
  allowed,
  confined,
  formatTable,
  listNotRefused,
  outcomesOf,
  runs,
} from '../../support/guest/apparmor-attempts.ts'
import { GUEST_SUITE } from '../../support/guest/guest-programs.ts'
import { MANIFESTS, startNode } from '../../support/guest/node.ts'
import { type GuestResult, runGuest } from '../../support/guest/run-guest.ts'
import { readSections } from '../../support/guest/sections.ts'
import {
  makeReadable,
  prepareSigningNode,
  SIGNING_POD,
  signingFunctions,
} from '../../support/guest/signing-node.ts'
import { toStaticPod } from '../../support/guest/static-pod.ts'

const GUEST_MS = 900_000
const message = 'hello'
const LOADER = '/manifests/loader.yaml'
const CHANGED_LOADER = '/manifests/changed-loader.yaml'
const hashOfSigner =
  'cat /sys/kernel/security/apparmor/policy/profiles/secure-signing-signer.*/sha256'

const script = `
# Loads the profiles, and prints which the kernel has.
section loaded
cp ${LOADER} ${MANIFESTS}/loader.yaml
await 300 runs wait || { explain; exit 1; }
logs load
cat /sys/kernel/security/apparmor/profiles
section hash
${hashOfSigner}

section running
cp ${SIGNING_POD} ${MANIFESTS}/signing.yaml
listens() { logs "$1" | grep -q '"event":"listening"'; }
for each in signer frontend; do await 300 listens $each || { explain; logs $each; exit 1; }; done
for each in signer frontend; do cat /proc/$(process $each)/attr/current; grep Seccomp: /proc/$(process $each)/status; done

section signed
forward
send '${JSON.stringify({ message })}'
echo

section attempts
for each in ${confined.join(' ')}; do
  prepare $each
  peer=$(cat /tmp/peer-$each)
  probe_as_deployed $each $each-${runs.deployed}
  enter $each /probe --as "exec secure-signing-$each" $each-${runs.root} $peer
  # The last, because it changes what the others find.
  enter $each /probe $each-${runs.control} $peer
done

section changed
ctr -n k8s.io events >/tmp/events 2>&1 &
signer=$(container signer) frontend=$(container frontend)
rm ${MANIFESTS}/signing.yaml
before=$(${hashOfSigner})
cp ${CHANGED_LOADER} ${MANIFESTS}/loader.yaml
changed() { [ "$(${hashOfSigner})" != "$before" ]; }
await 120 changed || explain
${hashOfSigner}

section stopped
ended() { ! runs signer && ! runs frontend; }
await 60 ended || explain
exit_of() { grep '/tasks/exit' /tmp/events | grep "\\"id\\":\\"$1\\""; }
for each in $signer $frontend; do await 20 exit_of $each; exit_of $each; done
`

let sections: Map<string, string>
let result: GuestResult
let key: Buffer

beforeAll(async () => {
  const node = await prepareSigningNode({
    components: ['seccomp', 'apparmor'],
    packages: ['apparmor'],
    addImages: async (images) => {
      const options = { suite: GUEST_SUITE }
      const base = await buildDebian(
        'guest-loader',
        'essential',
        'base.tar',
        ['base-files'],
        options,
      )
      const file = 'test/support/guest/debian.Containerfile'
      await images.add('docker.io/library/debian:trixie-slim', file, { BASE: base })
    },
  })
  key = node.key
  const find = (name: string): Resource => {
    const found = node.rendering.find(name)
    if (found === undefined) throw new Error(`the rendering has no ${name}`)
    return found
  }
  const profiles = Object(find('ConfigMap/apparmor-profiles')).data
  const daemonSet = find('DaemonSet/apparmor-profiles')
  const loaderOf = (folder: string) => ({
    text: stringify(toStaticPod(daemonSet, { profiles: folder, node: '/' }, {})),
  })
  result = await runGuest({
    root: node.root,
    folders: {
      ...node.folders,
      '/volumes/profiles': await makeReadable(profiles),
      '/volumes/changed': await makeReadable({
        ...profiles,
        signer: profiles.signer.replace('/run/signer/ r,', '/run/signer/ r,\n/changed r,'),
      }),
    },
    files: {
      ...node.files,
      [LOADER]: loaderOf('/volumes/profiles'),
      [CHANGED_LOADER]: loaderOf('/volumes/changed'),
    },
    script: startNode('secure-signing.dev/apparmor=enforced') + signingFunctions + script,
    security: 'apparmor',
    timeoutMs: GUEST_MS,
  })
  sections = readSections(result.output)
  if (result.code !== 0) console.error(result.output)
  console.log(formatTable(result))
}, GUEST_MS + 600_000)

test('the DaemonSet loads both profiles', () => {
  expect(sections.get('loaded')).toContain('loaded: frontend signer\n')
  for (const name of confined)
    expect(sections.get('loaded')).toContain(`secure-signing-${name} (enforce)`)
})

test('kubelet starts both containers with their profile and a system call filter', () => {
  expect(sections.get('running')?.match(/^secure-signing-.*|^Seccomp:.*/gm)).toEqual([
    ...['secure-signing-signer (enforce)', 'Seccomp:\t2'],
    ...['secure-signing-frontend (enforce)', 'Seccomp:\t2'],
  ])
})

test('a message is signed', () => {
  const signature = createHmac('sha256', key).update(message.toUpperCase()).digest('hex')
  expect(sections.get('signed')).toContain(`"signature":"${signature}"`)
})

describe.each(confined)('native code in the %s', (container) => {
  test('can make each attempt as root without a profile', () => {
    const outcomes = outcomesOf(result, container, 'control')
    expect(outcomes.length).toBeGreaterThan(50)
    expect(outcomes.filter(({ errno }) => errno !== '')).toEqual([])
  })

  test('is refused them by AppArmor alone as root with all capabilities', () => {
    const names = listNotRefused(outcomesOf(result, container, 'root'))
    expect(names).toEqual(allowed[container].root.toSorted())
  })

  test('is refused all but its own work as deployed', () => {
    const done = outcomesOf(result, container, 'deployed').filter(({ errno }) => errno === '')
    const names = done.map(({ name }) => name)
    expect(names.toSorted()).toEqual(allowed[container].deployed.toSorted())
  })
})

test('a changed profile replaces the loaded one', () => {
  expect(sections.get('changed')).toMatch(/^[0-9a-f]{64}\n/)
  expect(sections.get('changed')).not.toBe(sections.get('hash'))
})

test('SIGTERM ends both services gracefully', () => {
  expect(sections.get('stopped')?.match(/"exited_at"/g)).toHaveLength(2)
  // containerd leaves out the status 0.
  expect(sections.get('stopped')).not.toContain('exit_status')
})
