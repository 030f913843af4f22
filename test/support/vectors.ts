// The test vectors that the clients of every language share. clients/vectors.json describes its fields.
import vectorsFile from '../../clients/vectors.json' with { type: 'json' }

export type Body =
  | { text: string }
  | { base64: string }
  | { before: string; repeat: string; times: number; after: string }

export type SignatureVector = {
  title: string
  secret: string
  method: string
  path: string
  body: Body
  created: number
  signature_base: string
  headers: Record<'Content-Digest' | 'Signature-Input' | 'Signature', string>
}

export type WebhookVector = {
  title: string
  keys: string[]
  id: string
  timestamp: number
  body: Body
  consumer?: string
  consumer_versions?: number[]
  derived?: { info: string; secret: string }[]
  signed: Body
  webhook_signature: string
}

type Titled = { title: string; reason: string }
type Vectors = {
  signatures: SignatureVector[]
  tokens: {
    valid: { title: string; file: string; token: string; exp: number }[]
    invalid: (Titled & { file: string })[]
  }
  secrets: { invalid: (Titled & { secret: string })[] }
  urls: {
    valid: { url: string; host?: string; port?: number; socket?: string; path: string }[]
    invalid: string[]
  }
  settings: {
    valid: {
      title: string
      environment: Record<string, string>
      url: string
      token_file: string | null
      secret_file: string | null
    }[]
    invalid: { title: string; environment: Record<string, string>; variable: string }[]
  }
  webhooks: {
    signatures: WebhookVector[]
    bodies: { clock: number; refused: Body[]; passed: Body[] }
  }
}

export const vectors: Vectors = vectorsFile as Vectors

export function decodeBody(body: Body): Buffer {
  if ('text' in body) return Buffer.from(body.text)
  if ('base64' in body) return Buffer.from(body.base64, 'base64')
  return Buffer.from(body.before + body.repeat.repeat(body.times) + body.after)
}
