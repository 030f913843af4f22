// The deployment on the cluster: its frontend and its signer, called in their Pod, and the frontend, called by public clients
// through the ingress gateway. Beside it, the same frontend without a signer, and one that signs webhooks.
import { port } from '../../kube/names.ts'
import type { Place } from '../attack/probe.ts'
import { tokenHeader, writeRequest } from '../attack/requests.ts'
import { type Credentials, SIGNER_IN_POD } from '../attack/target.ts'
import {
  ALONE,
  BATCH,
  type Generate,
  message,
  messages,
  type Processes,
  processSubject,
  type Subject,
  USUAL,
  writePost,
  writeSignedPost,
} from './subject.ts'
import { unsigned, webhooks } from './variants/variant.ts'

export const FRONTEND_IN_POD = { host: '127.0.0.1', port }
const keepAlive = { connection: 'keep-alive' }

/** Where the gateway is, and what sends loads to it. */
export type GatewayRoute = { address: Place; generate: Generate }

/** The frontend as public clients reach it. */
export function describeGateway(route: GatewayRoute, processes?: Processes): Subject {
  const name = '`/process` through the gateway'
  return {
    ...{ ...processSubject, ...route, id: 'gateway', name, isOurs: true },
    ...(processes && { processes }),
  }
}

/** Frontend and signer, called from the network of their Pod. */
export function listInPod(
  { token, pairing }: Credentials,
  generate: Generate,
  processes?: Processes,
): Subject[] {
  const sign = (path: string, request: unknown) => () =>
    writeSignedPost(pairing, path, request, tokenHeader(token))
  const probe = (headers: Record<string, string>) => () =>
    writeRequest({ method: 'GET', path: '/readyz', headers: { ...keepAlive, ...headers } })
  const common = { isOurs: true, signatures: 1, generate }
  const ofSigner = { ...common, address: SIGNER_IN_POD, connections: [ALONE, USUAL] }
  const alone = { ...ofSigner, connections: [ALONE] }
  return [
    {
      ...processSubject,
      ...common,
      id: 'pod',
      name: '`/process` in its Pod',
      address: FRONTEND_IN_POD,
      ...(processes && { processes }),
    },
    {
      ...ofSigner,
      id: 'sign-in-pod',
      name: '`/sign` from the Pod, all controls on',
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

/** The frontend without a signer, through the gateway and in its Pod. */
export function listUnsigned(
  route: GatewayRoute,
  generate: Generate,
  processes: Processes,
): Subject[] {
  const common = { ...processSubject, isOurs: false }
  return [
    {
      ...common,
      ...route,
      id: 'unsigned',
      name: 'the same without signing',
      write: () => writePost('/process', { message }, { host: unsigned.host }),
      processes,
    },
    {
      ...common,
      id: 'unsigned-in-pod',
      name: 'the frontend without signing, in its Pod',
      connections: [ALONE],
      address: FRONTEND_IN_POD,
      generate,
    },
  ]
}

/** The frontend that signs webhooks, through the gateway and in its Pod. */
export function listWebhooks(
  route: GatewayRoute,
  generate: Generate,
  processes: Processes,
): Subject[] {
  const common = { ...processSubject, isOurs: true, processes }
  return [
    {
      ...common,
      ...route,
      id: 'webhooks',
      name: 'webhooks through the gateway',
      write: () => writePost('/process', { message }, { host: webhooks.host }),
    },
    {
      ...common,
      id: 'webhooks-in-pod',
      name: 'webhooks in the Pod',
      address: FRONTEND_IN_POD,
      generate,
    },
  ]
}
