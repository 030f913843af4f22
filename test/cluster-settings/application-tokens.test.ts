// A team's own check of its users' tokens beside the check of the caller token. Istio verifies the rules of a Pod in the order
// of their issuers, so the team's issuer comes before ours in one run and after it in the other.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { withGateway } from '../../tools/verify/attack/gateway.ts'
import {
  type RequestParts,
  tokenHeader,
  withCredentials,
} from '../../tools/verify/attack/requests.ts'
import {
  type Credentials,
  findTarget,
  SIGNER_IN_POD,
  stealCredentials,
  type Target,
} from '../../tools/verify/attack/target.ts'
import { CONFIG_MS } from '../../tools/verify/attack/timeouts.ts'
import { waitFor } from '../../tools/verify/attack/wait.ts'
import { send } from '../support/attack/send.ts'
import {
  allowUsers,
  applyUserPolicies,
  issueUserToken,
  makeProvider,
  type Provider,
  removeUserPolicies,
} from '../support/attack/user-tokens.ts'
import { sendHeaders } from '../support/gateway-requests.ts'
import { needsLocalCluster } from '../support/skips.ts'

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

describe.each(['https://accounts.example', 'https://users.example'])(
  'beside the check of user tokens from %s',
  needsLocalCluster,
  (issuer) => {
    let users: Provider
    let target: Target
    let stolen: Credentials

    const askFrontend = async (headers: Record<string, string>) =>
      (await withGateway((place) => sendHeaders(place, headers))).status
    const askSigner = async (parts: RequestParts) =>
      (await send(target.frontend, SIGNER_IN_POD, parts)).status

    /** Sends several requests, because each old connection of the gateway answers one more as before. */
    async function isInForce(): Promise<true | undefined> {
      const token = bearer(await issueUserToken(users))
      const asked = Array.from({ length: 16 }, (_, index) => askFrontend(index % 2 ? token : {}))
      const right = (status: number | undefined, index: number) =>
        status === (index % 2 ? 200 : 403)
      return (await Promise.all(asked)).every(right) ? true : undefined
    }

    beforeAll(async () => {
      target = await findTarget()
      stolen = await stealCredentials(target)
      users = await makeProvider(issuer)
      await applyUserPolicies(users, target.layout.frontend)
      await waitFor(isInForce, CONFIG_MS, () => "the team's policies are not in force")
    })
    afterAll(removeUserPolicies)

    const cases: Record<string, [() => Promise<Record<string, string>>, number]> = {
      'a valid token': [async () => bearer(await issueUserToken(users)), 200],
      'no token': [async () => ({}), 403],
      'Basic credentials': [async () => ({ authorization: 'Basic dXNlcjpwYXNz' }), 403],
      'an expired token': [
        async () => bearer(await issueUserToken(users, { lifetime: '-1h' })),
        401,
      ],
      'a token for another application': [
        async () => bearer(await issueUserToken(users, { audience: 'other' })),
        403,
      ],
      'a token signed with another key': [
        async () => bearer(await issueUserToken(await makeProvider(issuer))),
        401,
      ],
      'a token of another issuer': [
        async () => bearer(await issueUserToken(await makeProvider('https://other.example'))),
        401,
      ],
      'a valid token, and an invalid caller token': [
        async () => ({ ...bearer(await issueUserToken(users)), ...tokenHeader('not.a.token') }),
        200,
      ],
      'a valid token, and a stolen caller token': [
        async () => ({ ...bearer(await issueUserToken(users)), ...tokenHeader(stolen.token) }),
        200,
      ],
      'an expired token, and a stolen caller token': [
        async () => ({
          ...bearer(await issueUserToken(users, { lifetime: '-1h' })),
          ...tokenHeader(stolen.token),
        }),
        401,
      ],
      'a stolen caller token alone': [async () => tokenHeader(stolen.token), 403],
      'a stolen caller token as Bearer token': [async () => bearer(stolen.token), 401],
      'a valid token as caller token': [async () => tokenHeader(await issueUserToken(users)), 403],
    }
    test.each(Object.entries(cases))(
      'a client with %s gets its answer',
      async (_, [make, status]) => {
        expect(await askFrontend(await make())).toBe(status)
      },
    )

    test('the frontend gets its signature', async () => {
      expect(await askSigner(withCredentials(stolen))).toBe(200)
    })

    test('a user token opens nothing at the signer, also beside the caller token', async () => {
      const token = await issueUserToken(users)
      const { pairing } = stolen
      // Istio does not define which of two valid tokens the policies see. Here it is the one of the first issuer.
      const isFirst = issuer < 'https://kubernetes'
      const as = (headers: Record<string, string>) =>
        askSigner(withCredentials({ token: '', pairing }, { headers }))
      // One valid token passes the check. The policies then see that it is not the caller's.
      expect(await as({ ...bearer(token), 'caller-token': 'not.a.token' })).toBe(403)
      expect(await as(tokenHeader(token))).toBe(401)
      const both = await askSigner(withCredentials(stolen, { headers: bearer(token) }))
      expect(both).toBe(isFirst ? 403 : 200)
    })

    test("an ALLOW policy of the team for the frontend's port does not open the signer", async () => {
      await allowUsers(users, target.layout.frontend)
      const token = await issueUserToken(users)
      // Our own policy allows no other method than POST.
      const get = () =>
        withGateway((place) =>
          send('here', place, {
            ...{ method: 'GET', path: '/process', host: place.host, headers: bearer(token) },
          }),
        )
      await waitFor(
        async () => ((await get()).status === 403 ? undefined : true),
        CONFIG_MS,
        () => "the team's ALLOW policy is not in force",
      )
      const parts = withCredentials(stolen, { headers: bearer(token) })
      const { 'caller-token': _, ...headers } = parts.headers ?? {}
      expect(await askSigner({ ...parts, headers })).toBe(403)
    })
  },
)
