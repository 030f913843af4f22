// The signer as in its image: bundled, with the same flags and environment, with pairing and audit log.
import { createSecretKey, randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CHECKOUT } from '../../cli/checkout.ts'
import { auditKeyEntry } from '../../deploy/keys/entries.ts'
import { readEnvironment, readFlags } from '../../images/containerfile.ts'
import { bundleService } from '../../images/image-context.ts'
import { type Started, startNode } from './service.ts'
import { ALONE, BATCH, message, messages, type Subject, USUAL, writeSignedPost } from './subject.ts'
import { drawConsumer, makeWebhookKey } from './variants/consumers.ts'

/** Requests for different consumers, sent in turns. */
const REQUESTS = 10_000

/** What a start of the signer needs, from its bundle or from the sources. */
export type SignerSetup = { socket: string; env: Record<string, string>; folder: string }

/** Creates a raw key, a webhook key and an audit key, and the folders for the volumes of the Pod. */
export async function setUpSigner(folder: string): Promise<SignerSetup> {
  for (const name of ['key', 'pairing']) await mkdir(join(folder, name), { recursive: true })
  for (const name of ['key-1', auditKeyEntry]) {
    await writeFile(join(folder, 'key', name), randomBytes(32))
  }
  await writeFile(join(folder, 'key/webhook-1'), makeWebhookKey())
  const socket = join(folder, 'signer.sock')
  const env = {
    SIGNER_SOCKET: socket,
    SIGNER_KEY_DIR: join(folder, 'key'),
    SIGNER_PAIRING_DIR: join(folder, 'pairing'),
    SIGNER_FREEZE_DIR: 'none',
  }
  return { socket, env, folder }
}

export type Shipped = Pick<Subject, 'address'> & {
  subjects: Subject[]
  /** Writes a request with a pairing signature. */
  write: (path: string, request: unknown) => string
  started: Started
}

/** Starts the TypeScript sources of the checkout. */
export function startFromSource({ env }: SignerSetup, log: string): Promise<Started> {
  return startNode([join(CHECKOUT, 'signer/main.ts')], env, log)
}

/** Bundles the signer and starts it as in its image. */
export async function startShipped(
  { env, folder, socket }: SignerSetup,
  log: string,
): Promise<Shipped> {
  const bundle = join(folder, 'main.mjs')
  await bundleService('signer', bundle)
  const folders = {
    '/app': folder,
    '/run/key': join(folder, 'key'),
    '/run/signer': folder,
    '/run/pairing': join(folder, 'pairing'),
  }
  const args = [...readFlags('signer', folders), bundle]
  const started = await startNode(args, { ...readEnvironment('signer'), ...env }, log)
  const secret = createSecretKey(await readFile(join(folder, 'pairing/secret')))
  const write = (path: string, request: unknown) => writeSignedPost(secret, path, request)
  const address = { path: socket }
  const ours = { isOurs: true, connections: [ALONE, USUAL], address } as const
  const single = { ...ours, signatures: 1 }
  const batch = { ...ours, signatures: BATCH }
  const subjects: Subject[] = [
    {
      ...single,
      id: 'signer',
      name: '`/sign` over its socket',
      write: () => write('/sign', { message }),
    },
    {
      ...single,
      id: 'signer-webhook',
      name: '`/sign` of webhooks',
      write: () => repeat(REQUESTS, () => write('/sign', makeWebhook())),
    },
    {
      ...batch,
      id: 'signer-batch',
      name: `\`/sign/batch\` of ${BATCH} over its socket`,
      write: () => write('/sign/batch', { messages }),
    },
    {
      ...batch,
      id: 'signer-items',
      name: `\`/sign/batch\` of ${BATCH} \`items\``,
      write: () => write('/sign/batch', { items: makeItems(() => ({ message })) }),
    },
    {
      ...batch,
      id: 'signer-webhook-items',
      name: `\`/sign/batch\` of ${BATCH} webhooks`,
      write: () =>
        repeat(REQUESTS / BATCH, () => write('/sign/batch', { items: makeItems(makeWebhook) })),
    },
  ]
  return { subjects, address, write, started }
}

const repeat = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, index) => make(index))
const makeWebhook = () => ({ body: message, consumer: drawConsumer() })
const makeItems = (make: () => object) =>
  repeat(BATCH, (index) => ({ request_id: `request-${index}`, ...make() }))
