// Programs that measure our own frontend, and not another application.
import { UserError } from '../cli/terminal.ts'
import { application } from '../kube/application.ts'

/** Throws UserError if CONFIG names another application. `what`: for example "make bench". */
export function requireOurs(what: string): void {
  if (application.isOurs) return
  throw new UserError(
    `${what} is only for our own frontend, not for ${application.file}`,
    'Unset CONFIG.',
  )
}
