// The reasons for which CI may skip a test. Any other skip fails the run there.
import { NO_EXTERNAL_SECRETS_CRDS, NO_HISTORY, NO_LINKERD_CRDS } from './skips.ts'

export const TRACES_STARTED = 'the proxies of this mesh start traces themselves'

export const allowedSkips: readonly string[] = [
  NO_EXTERNAL_SECRETS_CRDS,
  NO_HISTORY,
  NO_LINKERD_CRDS,
  TRACES_STARTED,
]
