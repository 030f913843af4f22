// How much is worked on at once. More is answered at once that it is too much, instead of waiting for memory or time that
// is not there.
import { AppError } from './errors.ts'

/** Does the work, or throws AppError overloaded without beginning it. */
export type Limited = <T>(work: () => Promise<T>) => Promise<T>

/** Makes a limit of `most` pieces of work at once. */
export function createConcurrencyLimit(most: number): Limited {
  let active = 0
  return async (work) => {
    if (active >= most) throw new AppError('overloaded', 'too many requests at once')
    active += 1
    try {
      return await work()
    } finally {
      active -= 1
    }
  }
}
