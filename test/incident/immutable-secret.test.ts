// A freeze with keys in a Secret that nobody can change.
import { beforeAll, describe } from 'vitest'
import { readKeys } from '../../tools/deploy/keys/hmac-key.ts'
import { kubectl } from '../../tools/kube/kubectl.ts'
import { keySecret, namespace } from '../../tools/kube/names.ts'
import {
  deleteSecret,
  disownSecret,
  saveSecret,
} from '../../tools/verify/faults/support/key-secret.ts'
import { cleanUp } from '../support/clean-up.ts'
import { testFreeze } from '../support/freeze/freeze-tests.ts'
import { needsLocalCluster } from '../support/skips.ts'

describe('an immutable Secret', needsLocalCluster, () => {
  beforeAll(async () => {
    const restore = await saveSecret()
    cleanUp(async () => {
      await deleteSecret()
      await restore()
      await disownSecret()
    })
    await kubectl(['patch', 'secret', keySecret, '-n', namespace, '-p', '{"immutable":true}'])
  })

  testFreeze({ keys: readKeys })
})
