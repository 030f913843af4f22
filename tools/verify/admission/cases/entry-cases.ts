// Attack 26: a user with edit rights in the namespace tries to enter the running container of the signer.
import { container as application } from '../../../kube/names.ts'
import type { AdmissionCase } from './case.ts'
import { refusalsBy } from './refusals.ts'

const { refused: apart } = refusalsBy('processes-stay-apart')
const { refused: noWay } = refusalsBy('no-way-into-signer')

const token = { serviceAccountToken: { audience: 'signer', path: 'token' } }
const configMap = { configMap: { name: 'x', optional: true } }
const tokenVolume = { name: 'token', projected: { sources: [token] as object[] } }
const shared = ['spec.shareProcessNamespace', true] as const
const host = ['spec.hostPID', true] as const
const showsFiles = 'shareProcessNamespace shows each container the files of the others'
const showsProcesses = 'hostPID shows every process of the node'
const entered = 'nobody may enter the container signer or vault-agent'
const ephemeral = 'a Pod with the key must not get an ephemeral container'

export const entryCases: readonly AdmissionCase[] = [
  ...(['Pod', 'Deployment', 'CronJob'] as const).map((kind) =>
    apart(`${kind}: the containers share their processes`, showsFiles, {
      ...{ does: 'make', kind, changes: [shared] },
    }),
  ),
  apart('a changed Deployment: the containers share their processes', showsFiles, {
    ...{ does: 'change the Deployment', changes: [shared] },
  }),
  apart("a Deployment with the key sees the node's processes", showsProcesses, {
    ...{ does: 'make', kind: 'Deployment', changes: [host] },
  }),
  apart("a changed Deployment sees the node's processes", showsProcesses, {
    ...{ does: 'change the Deployment', changes: [host] },
  }),
  {
    name: "a Pod sees the node's processes",
    attempt: { does: 'make', changes: [host] },
    refusedBy: 'Pod Security',
  },
  ...[tokenVolume, { ...tokenVolume, projected: { sources: [token, configMap] } }].map((volume) =>
    apart(
      `a Pod with the caller token, of ${volume.projected.sources.length} sources`,
      showsFiles,
      {
        ...{ does: 'make', pod: { shareProcessNamespace: true, volumes: [volume] } },
      },
    ),
  ),
  ...(['exec', 'attach'] as const).flatMap((to) => [
    noWay(`${to} into vault-agent`, entered, { does: 'connect', to, container: 'vault-agent' }),
    noWay(`${to} into the signer`, entered, { does: 'connect', to, container: 'signer' }),
    noWay(`${to} into the default container`, entered, { does: 'connect', to }),
  ]),
  ...[
    { how: 'alone', more: {} },
    { how: "among the signer's processes", more: { targetContainerName: 'signer' } },
    { how: "among the frontend's processes", more: { targetContainerName: application } },
  ].map(({ how, more }) =>
    noWay(`an ephemeral container in the Pod, ${how}`, ephemeral, {
      ...{ does: 'add an ephemeral container', to: 'the Pod', more },
    }),
  ),
]
