// Follows a mounted folder, which kubelet changes at any time.
import { watch } from 'node:fs'

/** A watch sees kubelet's swap at once. Polling finds what the watch misses. */
const POLL_MS = 1_000

/** Checks the folder once, then again whenever it may have changed. One check runs at a time. */
export async function followFolder(
  folder: string,
  checkOnce: () => Promise<void>,
  pollMs = POLL_MS,
): Promise<void> {
  let isChecking = false
  let hasChanged = false

  async function check(): Promise<void> {
    hasChanged = true
    if (isChecking) return
    isChecking = true
    while (hasChanged) {
      hasChanged = false
      await checkOnce()
    }
    isChecking = false
  }

  await check()
  setInterval(() => void check(), pollMs).unref()
  try {
    // If the watch ends, for example because the folder is gone, polling continues.
    watch(folder, { persistent: false }, () => void check()).on('error', () => {})
  } catch {
    // Polling also works where a watch cannot start.
  }
}
