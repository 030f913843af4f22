// Core dumps: a crash must not leave the memory, keys and tokens in it, on somebody's disk.
import { writeFileSync } from 'node:fs'

/**
 * Takes every kind of memory out of this process's core dumps (core(5)); the limit on their size can't be set from
 * within Node. Returns false where that can't be done.
 */
export function emptyCoreDumps(): boolean {
  try {
    writeFileSync('/proc/self/coredump_filter', '0')
    return true
  } catch {
    return false
  }
}
