// Keeps keys and tokens out of core dumps, so that a crash does not write them to a disk.
import { writeFileSync } from 'node:fs'

/**
 * Excludes all memory from this process's core dumps (core(5)). Node cannot set the limit on their size. Returns false
 * if the system does not allow it.
 */
export function emptyCoreDumps(): boolean {
  try {
    writeFileSync('/proc/self/coredump_filter', '0')
    return true
  } catch {
    return false
  }
}
