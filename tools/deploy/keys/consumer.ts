// A consumer of webhooks, and its secret, by the rules of the signer.
import { webhookRequest } from '../../../runtime/contract.ts'
import { WEBHOOK_PREFIX } from '../../../signer/keys/key-files.ts'
import type { Key } from '../../../signer/keys/key-ring.ts'
import { listConsumerKeys } from '../../../signer/webhook.ts'
import { UserError } from '../../cli/terminal.ts'

export type Consumer = { consumer: string; version: number }

/** Parses CONSUMER and CONSUMER_VERSION. */
export function parseConsumer(consumer: string | undefined, text = '1'): Consumer {
  if (consumer === undefined) {
    throw new UserError(
      'CONSUMER is not set',
      'Set it to the name that the application gives to the signer, for example `make consumer-secret CONSUMER=acme`.',
    )
  }
  const version = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  const { error } = webhookRequest.safeParse({ body: '', consumer, consumer_versions: [version] })
  const [issue] = error?.issues ?? []
  if (issue === undefined) return { consumer, version }
  throw issue.path[0] === 'consumer'
    ? new UserError(
        `CONSUMER=${consumer} is no name of a consumer: it ${issue.message}`,
        'Give the name exactly as the application gives it to the signer.',
      )
    : new UserError(
        `CONSUMER_VERSION=${text} is not a version`,
        'Use a whole number from 1 to 999999999, or leave it out for version 1.',
      )
}

/** Parses a list: in each line a name, and a version if it is not `version`. Throws UserError if there is none. */
export function parseConsumers(list: string, version: string | undefined): Consumer[] {
  const lines = list.split('\n').filter((line) => line.trim() !== '')
  if (lines.length === 0) {
    throw new UserError(
      'CONSUMER=- reads names from standard input, and there is none',
      'Write one name in each line, and its version behind a space if it has another one.',
    )
  }
  return lines.map((line) => {
    const [name, own, ...rest] = line.trim().split(/\s+/)
    return parseConsumer(name, [own ?? version ?? '1', ...rest].join(' '))
  })
}

/** Returns the secret that the receiver gets. */
export function deriveSecret({ material }: Key, { consumer, version }: Consumer): string {
  const [key = ''] = listConsumerKeys(material, { consumer, consumer_versions: [version] })
  return WEBHOOK_PREFIX + Buffer.from(String(key), 'hex').toString('base64')
}
