// How many requests are worked on at once. More are answered at once that they are too many, instead of waiting for
// memory that is not there. Who is not admitted is refused before its body is read, and so takes no place for long.
import { AppError } from '../runtime/errors.ts'
import type { AppContext } from '../runtime/http-app.ts'

type AsyncHandler = (c: AppContext) => Promise<Response>

/** Makes a wrapper; the handlers that it wraps share `most` places. Over that they throw AppError overloaded. */
export function createConcurrencyLimit(most: number) {
  let active = 0
  return (handler: AsyncHandler): AsyncHandler =>
    async (c) => {
      if (active >= most) throw new AppError('overloaded', 'too many requests at once')
      active += 1
      try {
        return await handler(c)
      } finally {
        active -= 1
      }
    }
}
