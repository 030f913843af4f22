// Attack 26: somebody with edit rights in the namespace looks for a way into the signer's container while it runs.
import type { AdmissionCase } from './case.ts'

const apart = 'processes-stay-apart'
const noWay = 'no-way-into-signer'
const nobodyEnters = 'nobody may enter the container signer'
const shared = ['spec.shareProcessNamespace', true] as const
const host = ['spec.hostPID', true] as const

export const entryCases: readonly AdmissionCase[] = [
  ...(['Pod', 'Deployment', 'CronJob'] as const).map(
    (kind): AdmissionCase => ({
      name: `${kind}: the containers share their processes`,
      attempt: { does: 'make', kind, changes: [shared] },
      refusedBy: apart,
      saying: 'shareProcessNamespace shows each container the files of the others',
    }),
  ),
  {
    name: 'the Deployment is changed: the containers share their processes',
    attempt: { does: 'change the Deployment', changes: [shared] },
    refusedBy: apart,
  },
  {
    name: "a Deployment without the key sees the node's processes",
    attempt: { does: 'make', kind: 'Deployment', pod: { hostPID: true } },
    refusedBy: apart,
    saying: 'hostPID shows every process of the node',
  },
  {
    name: "the Deployment is changed: it sees the node's processes",
    attempt: { does: 'change the Deployment', changes: [host] },
    refusedBy: apart,
  },
  {
    name: "a Pod sees the node's processes",
    attempt: { does: 'make', changes: [host] },
    refusedBy: 'Pod Security',
  },
  ...(['exec', 'attach'] as const).flatMap((to): AdmissionCase[] => [
    {
      name: `${to} into the signer`,
      attempt: { does: 'connect', to, container: 'signer' },
      refusedBy: noWay,
      saying: nobodyEnters,
    },
    {
      name: `${to} into whatever is the only container`,
      attempt: { does: 'connect', to },
      refusedBy: noWay,
      saying: nobodyEnters,
    },
  ]),
  ...[
    { how: 'on its own', more: {} },
    { how: "among the signer's processes", more: { targetContainerName: 'signer' } },
    { how: "among the frontend's processes", more: { targetContainerName: 'frontend' } },
  ].map(
    ({ how, more }): AdmissionCase => ({
      name: `an ephemeral container in the Pod, ${how}`,
      attempt: { does: 'add an ephemeral container', to: 'the Pod', more },
      refusedBy: noWay,
      saying: 'a Pod with the key must not get an ephemeral container',
    }),
  ),
]
