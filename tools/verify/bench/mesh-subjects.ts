// The deployment on the cluster: its frontend and its signer, called in their Pod, and the frontend, called by public clients
// through the ingress gateway. Beside it, the same frontend without a signer.
import { tryRun } from '../../cli/exec.ts'
import { deployment, namespace, port } from '../../kube/names.ts'
import { tokenHeader, writeRequest } from '../attack/requests.ts'
import { findTarget, SIGNER_IN_POD, stealCredentials, type Target } from '../attack/target.ts'
import type { Load, LoadRequest } from './generator.ts'
import {
  enterGateway,
  enterPod,
  enterTarget,
  type Generate,
  type StartGenerator,
} from './networks.ts'
import {
  ALONE,
  BATCH,
  MANY,
  message,
  messages,
  type Subject,
  USUAL,
  writePost,
  writeSignedPost,
} from './subject.ts'
import { UNSIGNED_HOST } from './unsigned/resources.ts'

const FRONTEND_IN_POD = { host: '127.0.0.1', port }
const all = [ALONE, USUAL, MANY]
const keepAlive = { connection: 'keep-alive' }

/** `inPod` sends a load on the frontend of the deployment, from the network of its Pod. */
export type Mesh = {
  target: Target
  subjects: Subject[]
  inPod: (load: Omit<LoadRequest, 'address'>) => Promise<Load>
}

/** Finds the deployment. Returns undefined without a cluster or a deployment. */
export async function findMesh(
  gatewayUrl: string | undefined,
  start: StartGenerator,
): Promise<Mesh | undefined> {
  const args = ['get', 'deployment', deployment, '-n', namespace, '--request-timeout=5s']
  if ((await tryRun('kubectl', args)).code !== 0) return undefined
  const target = await findTarget()
  const generate = await enterTarget(target, start)
  const subjects = [...(await listInPod(target, generate))]
  if (gatewayUrl !== undefined) {
    const name = '`/process` through the ingress gateway'
    const throughGateway = await enterGateway(gatewayUrl, start)
    subjects.unshift({ ...publicSubject, ...throughGateway, id: 'gateway', name, isOurs: true })
  }
  return { target, subjects, inPod: (load) => generate({ ...load, address: FRONTEND_IN_POD }) }
}

const publicSubject = {
  signatures: 1,
  connections: all,
  write: () => writePost('/process', { message }),
}

async function listInPod(target: Target, generate: Generate): Promise<Subject[]> {
  const { token, pairing } = await stealCredentials(target)
  const sign = (path: string, request: unknown) => () =>
    writeSignedPost(pairing, path, request, tokenHeader(token))
  const probe = (headers: Record<string, string>) => () =>
    writeRequest({ method: 'GET', path: '/readyz', headers: { ...keepAlive, ...headers } })
  const common = { isOurs: true, signatures: 1, generate }
  const ofSigner = { ...common, address: SIGNER_IN_POD, connections: [ALONE, USUAL] }
  const alone = { ...ofSigner, connections: [ALONE] }
  return [
    {
      ...publicSubject,
      ...common,
      id: 'pod',
      name: '`/process` in its Pod, all controls on',
      address: FRONTEND_IN_POD,
    },
    {
      ...ofSigner,
      id: 'sign-in-pod',
      name: '`/sign` from the Pod, by mTLS, token and policy',
      write: sign('/sign', { message }),
    },
    {
      ...ofSigner,
      id: 'batch-in-pod',
      name: `\`/sign/batch\` of ${BATCH}, the same way`,
      signatures: BATCH,
      write: sign('/sign/batch', { messages }),
    },
    {
      ...alone,
      id: 'probe',
      name: '`GET /readyz` of the signer from the Pod',
      write: probe({}),
    },
    {
      ...alone,
      id: 'probe-with-token',
      name: 'the same with the caller token',
      write: probe(tokenHeader(token)),
    },
  ]
}

/** The frontend without a signer, whose Pod has this uid. */
export async function listUnsigned(
  uid: string,
  gatewayUrl: string,
  start: StartGenerator,
): Promise<Subject[]> {
  const withHost = () => writePost('/process', { message }, { host: UNSIGNED_HOST })
  return [
    {
      ...publicSubject,
      ...(await enterGateway(gatewayUrl, start)),
      id: 'unsigned',
      name: 'the same frontend without signing',
      isOurs: false,
      write: withHost,
    },
    {
      ...publicSubject,
      id: 'unsigned-in-pod',
      name: 'the frontend without signing, in its Pod',
      isOurs: false,
      connections: [ALONE],
      address: FRONTEND_IN_POD,
      generate: await enterPod(uid, start),
    },
  ]
}
