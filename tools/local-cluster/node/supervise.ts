// Keeps programs running. A program that ends is started again.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const RESTART_MS = 1_000

export type Program = { name: string; command: readonly string[] }
export type Supervised = { name: string; stop: (deadlineMs: number) => Promise<void> }

/** Starts a program, and restarts it each time that it ends. Its output goes to `<logs>/<name>.log`. */
export function supervise({ name, command }: Program, logs: string): Supervised {
  const [file = '', ...args] = command
  let stopping = false
  let child: ChildProcess

  function start(): void {
    const log = openSync(join(logs, `${name}.log`), 'a')
    child = spawn(file, args, { stdio: ['ignore', log, log] })
    closeSync(log)
    child.on('error', (error) => console.error(`${name} cannot start: ${error.message}`))
    child.on('close', (code, signal) => {
      if (stopping) return
      console.error(`${name} ended (${signal ?? code}). Starting it again.`)
      setTimeout(() => {
        if (!stopping) start()
      }, RESTART_MS)
    })
  }

  async function stop(deadlineMs: number): Promise<void> {
    stopping = true
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'close')
    child.kill('SIGTERM')
    const late = await Promise.race([
      ended.then(() => false),
      sleep(deadlineMs, true, { ref: false }),
    ])
    if (late) {
      child.kill('SIGKILL')
      await ended
    }
  }

  start()
  return { name, stop }
}
