// What each test of External Secrets needs of a cloud: an imitation of it on this machine, with one secret for the key.

export type KeyManager = {
  component: 'external-secrets-aws' | 'external-secrets-azure' | 'external-secrets-gcp'
  /** What takes the place of each FILL_IN_… in the component's ConfigMap, e.g. by FILL_IN_REGION. */
  parameters: Readonly<Record<string, string>>
  /** By which the controller reaches the imitation. Never a credential. */
  env: Readonly<Record<string, string>>
  /** Runs the page's command below the comment `title`, by the cloud's own CLI where there is one, with the rights to write. */
  runCommand: (title: string) => Promise<void>
  read: () => Promise<string>
  write: (value: string) => Promise<void>
  /** Grants and revokes as the page says, by the page's own command where the imitation has the API for it. */
  grant: () => Promise<void>
  revoke: () => Promise<void>
  /** Disables the newest version, or takes away what the manager reads instead. Returns what undoes it. */
  disableNewest: () => Promise<() => Promise<void>>
  /** From then on nothing accepts connections, and accepts them again. */
  goAway: () => Promise<void>
  comeBack: () => Promise<void>
  /** Presents a ServiceAccount token to the token service as the controller does. `reason` names the claim, or the signature. */
  presentToken: (token: string) => Promise<{ granted: boolean; reason: string }>
  /** The ServiceAccount tokens that the token service has accepted, the oldest first. */
  accepted: readonly string[]
  /** The audience and the lifetime in seconds that the controller asks for. */
  token: { audience: string; seconds: number }
  /** What the events of ExternalSecret and SecretStore say in each case. `refused`: the token of another ServiceAccount. */
  says: { revoked: RegExp; away: RegExp; disabled: RegExp; refused: RegExp }
  stop: () => Promise<void>
}
