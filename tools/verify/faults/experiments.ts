// All fault experiments, in the order of the report.
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

/** Experiments that `make test` leaves out: they take a minute or more, repeat other tests, or stop the cluster. */
const longOnly = [
  tokenRotation,
  keyFromManager,
  killFrontend,
  certificateRotation,
  certificateExpired,
  slowClients,
  clusterKilled,
]

/** Experiments of `make test`, in their short form. Those with the most Pods come first, to scale only once. */
export const shortForm = experiments
  .filter((each) => !longOnly.includes(each))
  .toSorted((a, b) => b.replicas - a.replicas)
