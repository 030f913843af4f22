// The deployment on the cluster: called from the frontend container through the Pod's proxy, and by public clients through
// the ingress gateway.
import { tryRun } from '../../cli/exec.ts'
import { deployment, namespace } from '../../kube/names.ts'
import { callIn } from '../attack/containers.ts'
import { toPlace } from '../attack/gateway.ts'
import { tokenHeader } from '../attack/requests.ts'
import { findTarget, SIGNER_IN_POD, stealCredentials } from '../attack/target.ts'
import type { Load } from './generator.ts'
import { BATCH, message, messages, type Subject, writePost, writeSignedPost } from './subject.ts'

const GENERATOR = 'tools/verify/bench/generator.ts'

/** Finds the deployment. Returns no subjects without a cluster or a deployment. */
export async function findMeshSubjects(gatewayUrl: string | undefined): Promise<Subject[]> {
  const args = ['get', 'deployment', deployment, '-n', namespace, '--request-timeout=5s']
  if ((await tryRun('kubectl', args)).code !== 0) return []
  const target = await findTarget()
  const { token, pairing } = await stealCredentials(target)
  const write = (path: string, request: unknown) => () =>
    writeSignedPost(pairing, path, request, tokenHeader(token))
  const inPod = {
    isOurs: true,
    address: SIGNER_IN_POD,
    generate: (load: unknown) => callIn<Load>(target.frontend, GENERATOR, 'generateLoad', load),
  }
  const subjects: Subject[] = [
    {
      ...inPod,
      name: '`/sign` from the frontend container, by mTLS, token and policy',
      signatures: 1,
      write: write('/sign', { message }),
    },
    {
      ...inPod,
      name: `\`/sign/batch\` of ${BATCH}, the same way`,
      signatures: BATCH,
      write: write('/sign/batch', { messages }),
    },
  ]
  if (gatewayUrl === undefined) return subjects
  const throughGateway: Subject = {
    name: '`/process` through the ingress gateway',
    isOurs: true,
    signatures: 1,
    address: toPlace(gatewayUrl),
    write: () => writePost('/process', { message }),
  }
  return [...subjects, throughGateway]
}
