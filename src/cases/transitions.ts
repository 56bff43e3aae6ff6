import type { IncidentStatus } from '../core/model/index.ts'

/** Which status may follow which by a person's or playbook's doing; `merged` is correlation's alone and final. */
export const transitions: Readonly<Record<IncidentStatus, readonly IncidentStatus[]>> = {
  new: ['acknowledged', 'contained', 'resolved', 'closed'],
  acknowledged: ['contained', 'resolved', 'closed'],
  contained: ['acknowledged', 'resolved', 'closed'],
  resolved: ['acknowledged', 'closed'],
  closed: ['acknowledged'],
  merged: [],
}
