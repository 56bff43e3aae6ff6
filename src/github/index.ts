export { createGithubApp, type GithubApp, type GithubAppParts, type GithubTenant } from './app/app.ts'
export { type KeptDelivery, listDeliveries, retryDeliveries } from './app/deliveries.ts'
export { type DeployDone, type DeployWish, deployByCommand } from './app/deploy/command.ts'
export { type DeployParts, deployFeature } from './app/deploy/deploy-feature.ts'
export { currentDeployment, type Deployment, type DeployProblem, listDeployments } from './app/deploy/deployments.ts'
export { createFollower, deployedBundle, type Follower, type FollowParts } from './app/deploy/follow.ts'
export type { Client, Delivery, Feature, FeatureOf, Handler, Handlers, Seat } from './app/feature.ts'
export { type PlanFeature, type PlanFeatureParts, planFeature } from './app/plans/plan-feature.ts'
export { webhooksPath } from './app/receive.ts'
export {
  type GithubSettings,
  githubSettingNames,
  readGithubSettings,
  SettingsRefused,
  type SignaturePolicy,
} from './app/settings.ts'
export { githubBudget, type IssuesFeature, type IssuesOptions, issuesFeature } from './issues/issues-feature.ts'
export { type Rebuilt, rebuildIssues } from './issues/rebuild.ts'
export { createTeamLookup, type TeamLookup } from './issues/team-lookup.ts'
export { githubPublisher } from './publish/github-publisher.ts'
export { convertCode, keepSecrets, type MadeApp } from './setup/convert.ts'
export { setupForm } from './setup/form.ts'
export { type AppManifest, appManifest, events, permissions } from './setup/manifest.ts'
export { openSetupPage, type SetupPage } from './setup/setup-page.ts'
