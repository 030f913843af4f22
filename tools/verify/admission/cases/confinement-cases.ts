// The components seccomp and selinux: the signer runs under its own profile and type.
import { container as application } from '../../../kube/names.ts'
import type { AdmissionCase } from './case.ts'
import { refusalsBy } from './refusals.ts'

const { made } = refusalsBy('signer-runs-as-released')
const { made: restricted } = refusalsBy('pods-stay-restricted')
const signer = 'spec.containers.signer.securityContext'
const type = 'secure_signing_signer_t'

export const confinementCases: readonly AdmissionCase[] = [
  ...[undefined, { type: 'container_t' }, { level: 's0:c417,c893' }].map((options) =>
    made(`the signer with the SELinux options ${JSON.stringify(options)}`, 'own SELinux type', [
      `${signer}.seLinuxOptions`,
      options,
    ]),
  ),
  ...[undefined, { type: 'RuntimeDefault' }, { type: 'Localhost', localhostProfile: 'x.json' }].map(
    (profile) =>
      made(
        `the signer with the seccomp profile ${JSON.stringify(profile)}`,
        'own seccomp profile',
        [`${signer}.seccompProfile`, profile],
      ),
  ),
  restricted("the application with the signer's SELinux type", 'SELinux type', [
    `spec.containers.${application}.securityContext.seLinuxOptions`,
    { type },
  ]),
  restricted("the whole Pod with the signer's SELinux type", 'SELinux type', [
    'spec.securityContext.seLinuxOptions',
    { type },
  ]),
]
