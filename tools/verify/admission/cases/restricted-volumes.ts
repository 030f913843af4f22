// Volumes of every kind that Pod Security "restricted" refuses, and of every kind that it allows.

export const restrictedVolumes: readonly Record<string, object>[] = [
  { hostPath: { path: '/' } },
  { gcePersistentDisk: { pdName: 'x' } },
  { awsElasticBlockStore: { volumeID: 'x' } },
  { gitRepo: { repository: 'example.com/x' } },
  { nfs: { server: 'x', path: '/x' } },
  { iscsi: { targetPortal: 'x', iqn: 'iqn.2001-04.com.example:x', lun: 0 } },
  { glusterfs: { path: 'x', endpoints: 'x' } },
  { rbd: { monitors: ['x'], image: 'x' } },
  { flexVolume: { driver: 'x' } },
  { cinder: { volumeID: 'x' } },
  { cephfs: { monitors: ['x'] } },
  { flocker: { datasetName: 'x' } },
  { fc: { wwids: ['x'] } },
  { azureFile: { secretName: 'x', shareName: 'x' } },
  { vsphereVolume: { volumePath: 'x' } },
  { quobyte: { registry: 'x:1', volume: 'x' } },
  { azureDisk: { diskName: 'x', diskURI: 'https://x.blob.core.windows.net/x/x.vhd' } },
  { portworxVolume: { volumeID: 'x', fsType: 'ext4' } },
  { scaleIO: { gateway: 'x', system: 'x', secretRef: { name: 'x' }, volumeName: 'x' } },
  { storageos: { volumeName: 'x' } },
  { photonPersistentDisk: { pdID: 'x' } },
]

const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } }

export const allowedVolumes: readonly Record<string, object>[] = [
  { configMap: { name: 'x' } },
  { csi: { driver: 'x.example' } },
  { downwardAPI: { items: [{ path: 'x', fieldRef: { fieldPath: 'metadata.labels' } }] } },
  { emptyDir: {} },
  { ephemeral: { volumeClaimTemplate: { spec: claim } } },
  { image: { reference: 'x' } },
  { persistentVolumeClaim: { claimName: 'x' } },
  { projected: { sources: [] } },
  { secret: { secretName: 'x' } },
]
