// Requests beside those of the matrix, for example to a path that a change names.
import { isDeclared } from '../../analyze/model/application.ts'
import { application } from '../../kube/application.ts'
import type { Declared } from './declared-table.ts'
import type { Expectations } from './expectations.ts'
import type { AskedFor } from './report.ts'

/** Nobody may send them, but public clients those to the declared routes of the application. */
export function declareMore(
  declare: Expectations['declare'],
  caller: string,
  { method, path, of }: AskedFor,
): Declared | undefined {
  if (of === 'signer') return declare(caller, 'sign')
  const found = declare(caller, 'application')
  if (caller !== 'public' || found === undefined || isDeclared(application, path, method)) {
    return found
  }
  return { verdict: 'route', by: [] }
}
