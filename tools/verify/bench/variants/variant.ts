// Variants of our frontend. make bench alone builds them, and deploys each beside the deployment.
import { namespace } from '../../../kube/names.ts'

export type Variant = {
  /** Also the name of its program in this folder. */
  name: 'unsigned' | 'webhooks'
  namespace: string
  /** The ingress gateway routes by this name. Our own route takes every other one. */
  host: string
  /** Also a signer with a key of its own, and the controls of the deployment. */
  hasSigner: boolean
  /** A part of each answer of this variant. */
  answer: string
}

export const unsigned: Variant = {
  name: 'unsigned',
  namespace: `${namespace}-bench`,
  host: 'unsigned.bench.example',
  hasSigner: false,
  answer: 'unsignedunsigned',
}

export const webhooks: Variant = {
  name: 'webhooks',
  namespace: `${namespace}-bench-webhooks`,
  host: 'webhooks.bench.example',
  hasSigner: true,
  answer: '"signature":"v1,',
}
