// An error as Google's APIs answer it: a status with its number in HTTP and in gRPC.
import type { ZodType } from 'zod'

const codes = {
  INVALID_ARGUMENT: { http: 400, grpc: 3 },
  NOT_FOUND: { http: 404, grpc: 5 },
  ALREADY_EXISTS: { http: 409, grpc: 6 },
  PERMISSION_DENIED: { http: 403, grpc: 7 },
  FAILED_PRECONDITION: { http: 400, grpc: 9 },
  UNIMPLEMENTED: { http: 501, grpc: 12 },
  INTERNAL: { http: 500, grpc: 13 },
  UNAUTHENTICATED: { http: 401, grpc: 16 },
}

export class ApiError extends Error {
  readonly status: keyof typeof codes

  constructor(status: keyof typeof codes, message: string) {
    super(message)
    this.status = status
  }

  get code() {
    return codes[this.status]
  }
}

/** Returns `error` if the API answers it, else an internal error that names it. */
export function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError('INTERNAL', String(error))
}

/** Returns `text` as JSON of that form. */
export function parseBody<T>(form: ZodType<T>, text: string): T {
  try {
    return form.parse(JSON.parse(text))
  } catch (error) {
    throw new ApiError('INVALID_ARGUMENT', `The body is not as expected: ${error}`)
  }
}
