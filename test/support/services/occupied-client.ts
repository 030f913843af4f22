// The clients of an application before a signer that a test plays.
import { createSignerClient, createWebhookSigner, signer } from '../../../client/index.ts'
import { makeVolume } from '../folder.ts'
import { stopTimers, until } from './collector.ts'
import { type FakeCall, startFakeSigner } from './fake-signer.ts'

/** Starts them. `listen` answers each call. `signWebhook` shares the calls of `send`. */
export async function startClients(listen: (call: FakeCall) => void = ({ sign }) => sign()) {
  const fake = await startFakeSigner(listen)
  const volume = await makeVolume({ secret: Buffer.alloc(32, 1) })
  const environment = {
    SIGNER_URL: fake.url,
    CALLER_TOKEN_FILE: 'none',
    PAIRING_SECRET_FILE: `${volume}/secret`,
  }
  const options = { environment, timeoutMs: 5_000 }
  const send = createSignerClient(options)
  const signWebhook = createWebhookSigner({ client: send })
  return { send, signWebhook, dispatcher: signer(options), options, calls: fake.calls }
}

/** Does the same with a signer that keeps its first call, so that messages wait until `release`. Timers are stopped. */
export async function startOccupied(listen: (call: FakeCall) => void = ({ sign }) => sign()) {
  stopTimers()
  let held: FakeCall | undefined
  let count = 0
  const clients = await startClients((call) => {
    count += 1
    if (count === 1) held = call
    else listen(call)
  })
  const occupy = async (ask: () => Promise<unknown>) => {
    ask().catch(() => {})
    await until(() => held !== undefined)
  }
  const release = (results?: unknown[]) => held?.sign(results)
  return { ...clients, occupy, release, others: () => clients.calls.slice(1) }
}
