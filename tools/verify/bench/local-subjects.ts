// The services that the benchmark starts on this machine. Without Vault or Python, their rows are left out.
import { join } from 'node:path'
import { say } from '../../cli/terminal.ts'
import { buildVault } from '../../local-cluster/programs/programs.ts'
import { readMemoryMib } from '../memory.ts'
import { startFlask } from './flask-subject.ts'
import { startNaive } from './naive-subjects.ts'
import type { Memory } from './report.ts'
import type { Started } from './service.ts'
import { setUpSigner, startFromSource, startShipped } from './signer-subjects.ts'
import type { Subject } from './subject.ts'
import { startVault } from './vault-subjects.ts'

/** `readAgain`: reads the memory after the loads. */
export type Measured = { memory: Memory; readAgain?: () => Promise<number> }
export type Local = { subjects: Subject[]; measured: Measured[] }
export type Stoppable = { stop: () => void | Promise<void> }
/** Has what was started stopped at the end. Returns it. */
export type Keep = <T extends Stoppable>(started: T) => T

export async function startLocal(folder: string, isShort: boolean, keep: Keep): Promise<Local> {
  const setup = await setUpSigner(folder)
  const measured: Measured[] = []
  const follow = async (name: string, started: Started) => {
    const memory = {
      name,
      readyMs: started.readyMs,
      idleMib: await readMemoryMib(started.pid, 'VmRSS'),
    }
    measured.push({ memory, readAgain: () => readMemoryMib(started.pid, 'VmRSS') })
  }
  if (!isShort) {
    const source = keep(await startFromSource(setup, join(folder, 'source.log')))
    const idleMib = await readMemoryMib(source.pid, 'VmRSS')
    measured.push({ memory: { name: 'signer from its sources', readyMs: source.readyMs, idleMib } })
    source.stop()
  }
  const naive = await startNaive(folder)
  for (const each of Object.values(naive.started)) keep(each)
  const signer = await startShipped(setup, join(folder, 'signer.log'))
  await follow('signer over its socket', keep(signer.started))
  await follow('naive signer', naive.started.signer)
  const flask = await tryToStart('the Flask pair', () => startFlask(folder))
  for (const each of flask?.started ?? []) keep(each)
  const subjects = [naive.pair, ...(flask ? [flask.subject] : []), naive.signer, ...signer.subjects]
  const vault = isShort ? undefined : await tryToStart('Vault', () => startBuiltVault(folder))
  if (vault === undefined) return { subjects, measured }
  await follow('Vault', keep(vault.started))
  return { subjects: [...subjects, ...vault.subjects], measured }
}

async function startBuiltVault(folder: string) {
  return startVault(join(await buildVault(), 'vault'), folder)
}

async function tryToStart<T>(name: string, start: () => Promise<T>): Promise<T | undefined> {
  try {
    return await start()
  } catch (error) {
    say(`  note  ${name} is not measured: ${error instanceof Error ? error.message : error}`)
    return undefined
  }
}
