// The Flask example attacks the signers of the two other applications, with its own credentials and with theirs. Its attackers' Pods
// have its namespace, and one has its ServiceAccount.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kubectl } from '../../tools/kube/kubectl.ts'
import { probeFrom } from '../../tools/verify/attack/containers.ts'
import {
  describeOutcome,
  makeRequestId,
  type RequestParts,
  readStatus,
  withCredentials,
  writeRequest,
} from '../../tools/verify/attack/requests.ts'
import {
  type Credentials,
  findTarget,
  readOwnToken,
  SIGNER_IN_POD,
  stealCredentials,
} from '../../tools/verify/attack/target.ts'
import { CONFIG_MS, LOG_MS } from '../../tools/verify/attack/timeouts.ts'
import { waitFor } from '../../tools/verify/attack/wait.ts'
import { otherNamespacePod, sameAccountPod } from '../support/attack/attackers.ts'
import { needsLocalCluster } from '../support/skips.ts'
import { applications } from './support/applications.ts'
import { ask } from './support/signed-requests.ts'
import { apply } from './support/unrelated.ts'
import { findPodOf } from './support/workloads.ts'

const addresses = { ours: '192.0.2.71', go: '192.0.2.72' }
const victims = ['ours', 'go'] as const
