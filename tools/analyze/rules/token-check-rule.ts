// The check of the caller token. Rules for the tokens of the application's users may stand beside it.
import { z } from 'zod'
import {
  acceptsCallerToken,
  isForSigner,
  readsCallerToken,
  readsOnlyCallerToken,
  type TokenRule,
  tokenRule,
} from '../../kube/token-rules.ts'
import { readAt } from '../finding.ts'
import { listInScope } from '../model/namespace.ts'
import type { Rule } from '../rule.ts'

const requestSpec = z.object({ jwtRules: z.array(tokenRule).default([]) })

export const tokenCheckRule: Rule = {
  name: 'token-check',
  title:
    'the caller token has a checked audience, comes in its own header, is not forwarded, and its keys come over TLS',
  find: (resources) => {
    const found = listInScope(resources, 'RequestAuthentication').flatMap((resource) =>
      readAt(requestSpec, resource).jwtRules.map((rule, index) => ({ resource, rule, index })),
    )
    const issuers = found
      .filter(({ rule }) => readsCallerToken(rule))
      .map(({ rule }) => rule.issuer)
    // The others check tokens of the application's users.
    const ours = found.filter(
      ({ rule }) => readsCallerToken(rule) || acceptsCallerToken(rule, issuers),
    )
    if (ours.length === 0) {
      return [
        {
          group: 'security.istio.io',
          path: [],
          message: 'nothing checks caller tokens: add a RequestAuthentication',
        },
      ]
    }
    return ours.flatMap(({ resource, rule, index }) =>
      checkTokenRule(rule).map(({ field, message }) => ({
        resource,
        path: ['spec', 'jwtRules', index, field],
        message,
      })),
    )
  },
}

function checkTokenRule(rule: TokenRule): { field: keyof TokenRule; message: string }[] {
  const { issuer, forwardOriginalToken } = rule
  return [
    ...(isForSigner(rule)
      ? []
      : [
          {
            field: 'audiences' as const,
            message: `accepts tokens of ${issuer} with another audience than "signer": set audiences to [signer], or to your application's in a rule for its users`,
          },
        ]),
    ...(readsOnlyCallerToken(rule)
      ? []
      : [
          {
            field: 'fromHeaders' as const,
            message:
              "takes the caller token from another header, which may be a client's: set fromHeaders to [{name: Caller-Token}]",
          },
        ]),
    ...(forwardOriginalToken
      ? [
          {
            field: 'forwardOriginalToken' as const,
            message: 'forwards the token to the signer, which does not need it: remove it',
          },
        ]
      : []),
    ...(/^http:/i.test(rule.jwksUri ?? '')
      ? [
          {
            field: 'jwksUri' as const,
            message:
              'fetches the token keys without TLS, so anyone on the path can replace them: use https',
          },
        ]
      : []),
    ...(['fromParams', 'fromCookies'] as const)
      .filter((field) => rule[field].length > 0)
      .map((field) => ({
        field,
        message: `accepts tokens where logs or browsers expose them: remove ${field}`,
      })),
  ]
}
