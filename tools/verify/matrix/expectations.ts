// The declared table of each layout.
import { type Layout, sharesPod } from '../../kube/layouts.ts'
import type { Approach } from './approaches.ts'
import * as inOnePod from './declared.ts'
import * as inSeparatePods from './declared-separate-pods.ts'
import type { Declared, RequestId } from './declared-table.ts'
import type { AskedFor, Caller } from './report.ts'

export type Expectations = {
  callers: readonly Caller[]
  declare: (caller: string, request: RequestId) => Declared | undefined
  /** Requests without a body, beside the usual ones. */
  more?: readonly AskedFor[]
  /** How further callers send requests, by id. */
  approaches?: Readonly<Record<string, Approach>>
}

export function expectationsOf(layout: Layout): Expectations {
  return sharesPod(layout) ? inOnePod : inSeparatePods
}
