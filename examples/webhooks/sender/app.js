// Takes events, and delivers each one to its consumer as a webhook. Nothing else here knows the signer than two lines.
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import express from 'express'
import { createWebhookSigner } from 'secure-signing-client'

const signWebhook = createWebhookSigner()

/** Stands for a table of your database: where the webhooks of a consumer go, and how they are signed. */
const readConsumers = async () => JSON.parse(await readFile(process.env.CONSUMERS_FILE, 'utf8'))
const RETRY_AFTER_MS = [1_000, 5_000, 30_000, 120_000, 600_000]

/** Each attempt is signed again, because receivers accept a signature for five minutes. The id stays. */
async function deliver(name, id, body) {
  const { url, ...signedFor } = (await readConsumers())[name]
  const headers = await signWebhook(body, { id, ...signedFor })
  const response = await fetch(url, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body,
    signal: AbortSignal.timeout(10_000),
  })
  await response.body?.cancel()
  if (!response.ok) throw new Error(`${name} answered ${response.status}`)
}

/** Stands for your queue. It is in memory, so a restart loses what waits. */
async function deliverWithRetries(name, id, body) {
  for (const pauseMs of [0, ...RETRY_AFTER_MS]) {
    await sleep(pauseMs)
    try {
      await deliver(name, id, body)
      console.log(`${id} delivered to ${name}`)
      return
    } catch (error) {
      console.error(`${id} not delivered to ${name}: ${error.message}`)
      if (error.isPermanent) return // the signer refuses this webhook each time
    }
  }
}

const app = express()
app.use(express.json())

app.post('/events', async (request, response) => {
  const { consumer, type, data } = request.body ?? {}
  if (!Object.hasOwn(await readConsumers(), consumer)) {
    return response.status(404).json({ error: 'no such consumer' })
  }
  const id = `msg_${randomUUID()}`
  const timestamp = new Date().toISOString()
  void deliverWithRetries(consumer, id, JSON.stringify({ type, timestamp, data }))
  response.status(202).json({ id })
})

app.get('/healthz', (_, response) => response.json({ status: 'ok' }))

const server = app.listen(8080)
process.on('SIGTERM', () => server.close())
