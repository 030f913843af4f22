// Limits how many requests are served at once. Rejects excess requests at once instead of queueing them.
import { AppError } from './errors.ts'

/** Does the work, or throws AppError overloaded before it starts. */
export type Limited = <T>(work: () => Promise<T>) => Promise<T>

/** Makes a limit of `most` pieces of work at once. */
export function createConcurrencyLimit(most: number): Limited {
  let active = 0
  return async (work) => {
    if (active >= most) throw new AppError('overloaded', 'too many requests at once, try again')
    active += 1
    try {
      return await work()
    } finally {
      active -= 1
    }
  }
}
