//! Which role a request needs, by its method and path. What is not listed needs `admin`.

use http::Method;

use crate::caller::Role;

/// What a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// The role; none for what everybody may ask.
    pub role: Option<Role>,
    /// The name of the kind of request in logs and metrics. The path itself may hold anything.
    pub endpoint: &'static str,
}

const fn public(endpoint: &'static str) -> Access {
    Access { role: None, endpoint }
}

const fn needs(role: Role, endpoint: &'static str) -> Access {
    Access { role: Some(role), endpoint }
}

/// What a request needs.
#[must_use]
pub fn access(method: &Method, path: &str) -> Access {
    let is_read = matches!(*method, Method::GET | Method::HEAD);
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    let last = path.rsplit('/').next().unwrap_or_default();
    match first {
        "predict" => needs(Role::Predict, "predict"),
        "batch_predict" => needs(Role::Predict, "batch_predict"),
        "models" => match last {
            _ if is_read => needs(Role::Read, "models"),
            "predict" => needs(Role::Predict, "predict"),
            "batch_predict" => needs(Role::Predict, "batch_predict"),
            "explain" => needs(Role::Predict, "explain"),
            _ => needs(Role::Admin, "models"),
        },
        "health" | "live" | "ready" if is_read => public("health"),
        "api" | "ajax-api" => needs(Role::Read, "mlflow"),
        "openapi.json" | "docs" if is_read => public("docs"),
        "metrics" | "monitor" | "outcomes" | "drift" | "experiments" => {
            needs(Role::Monitor, "monitor")
        }
        "v2" => match last {
            "live" | "ready" if is_read => public("v2_health"),
            "infer" => needs(Role::Predict, "v2_infer"),
            "load" | "unload" => needs(Role::Admin, "v2_repository"),
            "index" => needs(Role::Read, "v2_repository"),
            _ if is_read => needs(Role::Read, "v2_metadata"),
            _ => needs(Role::Admin, "v2_other"),
        },
        "inference.GRPCInferenceService" => match last {
            "ServerLive" | "ServerReady" | "ModelReady" => public("grpc_health"),
            "ModelInfer" => needs(Role::Predict, "grpc_infer"),
            "ServerMetadata" | "ModelMetadata" | "RepositoryIndex" => {
                needs(Role::Read, "grpc_metadata")
            }
            "RepositoryModelLoad" | "RepositoryModelUnload" => {
                needs(Role::Admin, "grpc_repository")
            }
            _ => needs(Role::Admin, "grpc_other"),
        },
        "cds-services" => match is_read {
            true => public("cds_discovery"),
            false => needs(Role::Predict, "cds_hooks"),
        },
        "fhir" => match is_read {
            true => needs(Role::Read, "fhir"),
            false => needs(Role::Predict, "fhir"),
        },
        _ => needs(Role::Admin, "other"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_listed_needs_the_highest_role() {
        let role = |method, path| access(&method, path).role;
        assert_eq!(role(Method::POST, "/predict"), Some(Role::Predict));
        assert_eq!(role(Method::POST, "/models/a/versions/1/explain"), Some(Role::Predict));
        assert_eq!(role(Method::GET, "/models/predict"), Some(Role::Read));
        assert_eq!(role(Method::DELETE, "/models/a"), Some(Role::Admin));
        assert_eq!(role(Method::GET, "/health/live"), None);
        assert_eq!(role(Method::POST, "/health"), Some(Role::Admin));
        assert_eq!(role(Method::POST, "/v2/repository/models/a/load"), Some(Role::Admin));
        let load = "/inference.GRPCInferenceService/RepositoryModelLoad";
        assert_eq!(role(Method::POST, load), Some(Role::Admin));
        assert_eq!(role(Method::GET, "/metrics"), Some(Role::Monitor));
        assert_eq!(role(Method::POST, "/api/2.0/mlflow/runs/create"), Some(Role::Read));
        assert_eq!(role(Method::GET, "/anything"), Some(Role::Admin));
        assert_eq!(role(Method::GET, "//predict/../models"), Some(Role::Predict));
    }
}
