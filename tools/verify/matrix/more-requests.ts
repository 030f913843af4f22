// Requests beside those of the matrix, for example to a path that a change names.
import { isDeclared } from '../../analyze/model/application.ts'
import { application } from '../../kube/application.ts'
import type { Declared } from './declared-table.ts'
import type { Expectations } from './expectations.ts'
import type { AskedFor } from './report.ts'

/** A caller that may send the usual request to the application may send those to its declared routes. Nobody may send others. */
export function declareMore(
  declare: Expectations['declare'],
  caller: string,
  { method, path, of }: AskedFor,
): Declared | undefined {
  if (of === 'signer') return declare(caller, 'sign')
  const found = declare(caller, 'application')
  if (found?.verdict !== 'served' || isDeclared(application, path, method)) return found
  // A route of Istio is for a path, and the policy decides about the method.
  const hasRoute = caller !== 'public' || isDeclared(application, path)
  return { verdict: hasRoute ? 'policy' : 'route', by: [] }
}
