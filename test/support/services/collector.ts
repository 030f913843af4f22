// The frontend's client of the signer before a signer that a test plays. The request id of a message is its text.
import { setImmediate } from 'node:timers/promises'
import { expect, onTestFinished, vi } from 'vitest'
import { APART_MS } from '../../../client/call-schedule.ts'
import { createSignerClient } from '../../../frontend/signer-client.ts'
import { type FakeCall, signatureOf, startFakeSigner } from './fake-signer.ts'

/** Returns different messages. */
export const range = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, index) => `m-${from + index}`)

export const signed = (messages: readonly string[]) =>
  messages.map((each) => ({ status: 'fulfilled', value: signatureOf(each) }))
export const failed = (code: string, message: unknown = expect.any(String)) => ({
  status: 'rejected',
  reason: expect.objectContaining({ code, message }),
})

/** Waits without a timer, because a test may have replaced them. */
export async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await setImmediate()
}

/** Waits for what happens without a timer and without an answer. */
export async function turns(): Promise<void> {
  for (let count = 0; count < 50; count++) await setImmediate()
}

/** Starts both. `listen` answers each call. */
export async function startCollector(
  listen: (call: FakeCall, index: number) => void = (call) => call.sign(),
  timeoutMs = 5_000,
) {
  const signer = await startFakeSigner((call) => listen(call, signer.calls.length - 1))
  const credentials = { callerToken: undefined, pairing: undefined }
  const client = createSignerClient({ target: signer.target, timeoutMs, ...credentials })
  const ask = (message: string, id = message) => client(message, id)
  const askAll = (messages: string[]) => Promise.allSettled(messages.map((each) => ask(each)))
  return { signer, client, ask, askAll }
}

/** Stops the client's timers until the end of the test. Those of connections are others. */
export function stopTimers(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  onTestFinished(() => void vi.useRealTimers())
}

/** Ends the pause that follows a call with several messages. */
export const endPause = () => void vi.advanceTimersByTime(APART_MS)

/**
 * Starts both, and sends a message, so that the next one waits. The signer keeps its call until `release`.
 * `listen` answers all later calls. Timers are stopped.
 */
export async function startOccupied(
  listen: (call: FakeCall) => void = (call) => call.sign(),
  timeoutMs?: number,
) {
  stopTimers()
  let held: FakeCall | undefined
  const started = await startCollector((call, index) => {
    if (index === 0) held = call
    else listen(call)
  }, timeoutMs)
  const first = started.askAll(['first of all'])
  await until(() => held !== undefined)
  const release = () => held?.sign()
  /** The calls after the first one. */
  const others = () => started.signer.calls.slice(1)
  const sizes = () => others().map(({ messages }) => messages.length)
  return { ...started, first, release, others, sizes }
}
