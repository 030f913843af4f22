// Who is in the directory, whose tokens an identity accepts, and who has which role where. `az` writes it, as on the page.
import { randomUUID } from 'node:crypto'

export type Identity = { id: string; clientId: string; principalId: string }
/** What a ServiceAccount token has to say to be a credential of the identity. */
export type Trust = { issuer: string; subject: string; audiences: readonly string[] }
export type Assignment = {
  id: string
  scope: string
  roleDefinitionId: string
  principalId: string
}

/** Azure's ids of the roles, and the methods of a secret that each allows. */
const roles = [
  { name: 'Key Vault Secrets User', id: '4633458b-17de-408a-b874-0445c86b69e6', methods: ['GET'] },
  {
    name: 'Key Vault Secrets Officer',
    id: 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7',
    methods: ['GET', 'PUT', 'PATCH'],
  },
] as const

export class Directory {
  readonly tenant = randomUUID()
  readonly subscription = randomUUID()
  /** Who types the commands of the page. The secret is made for the test. */
  readonly operator = { clientId: randomUUID(), principalId: randomUUID(), secret: randomUUID() }
  readonly identities = new Map<string, Identity>()
  readonly trusts = new Map<string, Trust>()
  readonly assignments = new Map<string, Assignment>()

  addIdentity(id: string): Identity {
    const made = { id, clientId: randomUUID(), principalId: randomUUID() }
    const identity = this.identities.get(id) ?? made
    this.identities.set(id, identity)
    return identity
  }

  findIdentity(clientId: string): Identity | undefined {
    return [...this.identities.values()].find((identity) => identity.clientId === clientId)
  }

  listTrusts({ id }: Identity): Trust[] {
    const prefix = `${id}/federatedIdentityCredentials/`
    return [...this.trusts].filter(([at]) => at.startsWith(prefix)).map(([, trust]) => trust)
  }

  listRoles(scope: string) {
    const prefix = `${scope}/providers/Microsoft.Authorization/roleDefinitions`
    return roles.map(({ name, id }) => ({
      ...{ id: `${prefix}/${id}`, name: id, type: 'Microsoft.Authorization/roleDefinitions' },
      properties: { roleName: name, type: 'BuiltInRole' },
    }))
  }

  assign(role: (typeof roles)[number]['name'], principalId: string, scope: string): void {
    const [definition] = this.listRoles(scope).filter(
      ({ properties }) => properties.roleName === role,
    )
    const id = `${scope}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}`
    this.assignments.set(id, { id, scope, roleDefinitionId: `${definition?.id}`, principalId })
  }

  /** Says whether a role on `resource`, or on what it is part of, allows the method. */
  allows(principalId: string, method: string, resource: string): boolean {
    return [...this.assignments.values()].some((each) => {
      const isHere = each.scope === resource || resource.startsWith(`${each.scope}/`)
      if (each.principalId !== principalId || !isHere) return false
      const role = roles.find(({ id }) => each.roleDefinitionId.endsWith(id))
      return role?.methods.some((one) => one === method)
    })
  }
}
