// Limits how many requests are served at once. Rejects excess requests at once instead of queueing them.
import { AppError } from './errors.ts'

/** Begins a piece of work, and returns the function that ends it. Throws AppError overloaded. */
export type BeginWork = () => () => void

/** Makes a limit of `most` pieces of work at once. */
export function createConcurrencyLimit(most: number): BeginWork {
  let active = 0
  return () => {
    if (active >= most) throw new AppError('overloaded', 'too many requests at once, try again')
    active += 1
    return () => {
      active -= 1
    }
  }
}
