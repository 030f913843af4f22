// Receives webhooks as a third party does. It has the public library and its own secret, and knows nothing of the signer.
import { readFileSync } from 'node:fs'
import express from 'express'
import { Webhook } from 'standardwebhooks'

const webhook = new Webhook(readFileSync(process.env.WEBHOOK_SECRET_FILE, 'utf8').trim())

/** The library accepts a webhook until its timestamp is five minutes old, and one that is five minutes ahead. */
const REMEMBER_MS = 10 * 60_000
/** When each id arrived, the oldest first. With several replicas, this is a table that they share. */
const seen = new Map()
const counts = { accepted: 0, repeated: 0, refused: 0 }

function forgetOld(now) {
  for (const [id, time] of seen) {
    if (now - time <= REMEMBER_MS) return
    seen.delete(id)
  }
}

const app = express()

app.post('/webhooks', express.raw({ type: '*/*' }), (request, response) => {
  let event
  try {
    event = webhook.verify(request.body, request.headers)
  } catch (error) {
    counts.refused += 1
    return response.status(400).json({ error: error.message })
  }
  forgetOld(Date.now())
  const id = request.headers['webhook-id']
  // 200, because the sender repeats a webhook whose answer was lost, until it gets one.
  if (seen.has(id)) {
    counts.repeated += 1
    return response.json({ accepted: false, reason: 'repeated' })
  }
  console.log(`${id}: ${event.type}`) // what a receiver does with an event
  seen.set(id, Date.now())
  counts.accepted += 1
  response.json({ accepted: true })
})

app.get('/received', (_, response) => response.json({ ...counts, ids: [...seen.keys()] }))
app.get('/healthz', (_, response) => response.json({ status: 'ok' }))

const server = app.listen(8080)
process.on('SIGTERM', () => server.close())
