export { incidentMessage } from './incident-message.ts'
