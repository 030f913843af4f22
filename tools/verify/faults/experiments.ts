// Every fault run, in the order of the table.
import type { Experiment } from './experiment.ts'
import { auditBlocked } from './experiments/audit.ts'
import { bodiesOverTheLimit, clientsThatAbort, slowClients } from './experiments/bad-clients.ts'
import { certificateExpired, certificateRotation } from './experiments/certificates.ts'
import { clusterKilled } from './experiments/cluster.ts'
import { istiodAway, kubeletRestart } from './experiments/control-plane.ts'
import { keyFromManager } from './experiments/key-from-manager.ts'
import { keyRotation, secretSwaps } from './experiments/keys.ts'
import { killOneOfThree } from './experiments/kill-one-of-three.ts'
import { killEnvoy, killFrontend, killSigner } from './experiments/kills.ts'
import { overload } from './experiments/overload.ts'
import { rollingRestart } from './experiments/rolling-restart.ts'
import { shortLivedTokens, tokenLost, tokenRotation } from './experiments/tokens.ts'

export const experiments: readonly Experiment[] = [
  keyRotation,
  secretSwaps,
  keyFromManager,
  tokenRotation,
  shortLivedTokens,
  tokenLost,
  killSigner,
  killFrontend,
  killEnvoy,
  killOneOfThree,
  rollingRestart,
  istiodAway,
  kubeletRestart,
  certificateRotation,
  certificateExpired,
  overload,
  slowClients,
  bodiesOverTheLimit,
  clientsThatAbort,
  auditBlocked,
  clusterKilled,
]

/** What `make test` has no time for: a minute or more each, what other tests show too, and a cluster that others need. */
const longOnly = [
  tokenRotation,
  keyFromManager,
  killFrontend,
  certificateRotation,
  certificateExpired,
  slowClients,
  clusterKilled,
]

/** The short form of all the others takes some minutes; those that ask for most Pods first, so that they come once. */
export const shortForm = experiments
  .filter((each) => !longOnly.includes(each))
  .toSorted((a, b) => b.replicas - a.replicas)
