// The application's own traffic through the gateway. The check of the caller token sees nothing that a client sends.
import { describe } from 'vitest'
import { testClientCredentials } from '../support/client-credentials.ts'
import { needsCluster } from '../support/skips.ts'

describe('the deployment', needsCluster, testClientCredentials)
