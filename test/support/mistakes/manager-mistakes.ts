// Mistakes that break the rules about key managers.
import type { Mistakes } from './mistakes.ts'

const pod = 'Deployment/secure-signing'
const account = 'ServiceAccount/secure-signing'
const pods = 'spec.template'
const frontend = `${pods}.spec.containers.0`

export const managerMistakes: Mistakes = {
  'cloud-identity': {
    'an AWS role': [account, 'metadata.annotations', { 'eks.amazonaws.com/role-arn': 'arn' }],
    'an Azure identity': [
      account,
      'metadata.annotations',
      { 'azure.workload.identity/client-id': 'id' },
    ],
    'a Google service account': [
      account,
      'metadata.annotations',
      { 'iam.gke.io/gcp-service-account': 'x@y' },
    ],
    "the label for Azure's webhook": [
      pod,
      `${pods}.metadata.labels.azure~1workload~1identity/use`,
      'true',
    ],
    'a variable of a webhook': [pod, `${frontend}.env.+`, { name: 'AWS_ROLE_ARN', value: 'arn' }],
  },
  'key-store': {
    "the Pod's own ServiceAccount": ['+', '', store({ name: 'secure-signing' })],
    "External Secrets' own identity": ['+', '', store()],
    'a stored credential': ['+', '', store({ name: 'key-reader' }, { secretRef: {} })],
  },
  'key-target': {
    'another Secret': ['+', '', external({ name: 'copy' })],
    'a Secret of its own name': ['+', '', external()],
  },
  'filled-in': {
    'a placeholder': [account, 'metadata.annotations', { role: 'arn:FILL_IN_ROLE_ARN' }],
  },
}

function store(serviceAccountRef?: { name: string }, rest: object = {}) {
  const auth = { ...(serviceAccountRef && { jwt: { serviceAccountRef } }), ...rest }
  return {
    apiVersion: 'external-secrets.io/v1',
    kind: 'SecretStore',
    metadata: { name: 'store', namespace: 'signing' },
    spec: { provider: { aws: { auth } } },
  }
}

function external(target?: { name: string }) {
  return {
    apiVersion: 'external-secrets.io/v1',
    kind: 'ExternalSecret',
    metadata: { name: 'external', namespace: 'signing' },
    spec: { target },
  }
}
