// Judges the keys in use with the rules of the signer that is about to run. So an upgrade never replaces a signer that works by
// one that refuses its keys.
import { judgeKeys } from '../../../signer/keys/key-files.ts'
import { KeyRingError } from '../../../signer/keys/key-ring.ts'
import { say, UserError } from '../../cli/terminal.ts'
import { exists } from '../../kube/kubectl.ts'
import { keySecret, namespace } from '../../kube/names.ts'
import { noteMissingAuditKey } from './audit-key.ts'
import { checkFormerForms } from './former-form.ts'
import { noteImmutable } from './immutable.ts'
import { type KeySecret, readKeySecret } from './key-secret.ts'
import { findReturned } from './retired-keys.ts'

/** Throws UserError if the signer would refuse the Secret. Without a Secret there is nothing to judge. */
export async function checkKeysInUse(): Promise<void> {
  if (!(await exists(['secret', keySecret, '-n', namespace]))) return
  const secret = await readKeySecret()
  await checkFormerForms(secret)
  judge(secret)
  noteImmutable(secret)
  noteMissingAuditKey(secret)
  const returned = findReturned(secret)
  if (returned !== undefined) say(`  note  ${returned.message}\n        ${returned.todo}`)
}

function judge({ data }: KeySecret): void {
  const entries = Object.entries(data)
  try {
    judgeKeys(new Map(entries.map(([id, text]) => [id, Buffer.from(text, 'base64')])))
  } catch (error) {
    if (!(error instanceof KeyRingError)) throw error
    throw new UserError(
      `the signer of this version refuses the Secret ${keySecret} in namespace ${namespace}: ${error.message}`,
      'If the Pods sign with it, rotate first: `make rotate-key` works with the version that runs now. Deploy when it has retired the old key. Until then, do not restart the Pods.',
    )
  }
}
