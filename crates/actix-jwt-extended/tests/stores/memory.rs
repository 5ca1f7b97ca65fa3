use actix_jwt_extended::{MemoryStore, store_testing};

#[actix_web::test]
async fn passes_every_check() {
    store_testing::check(|| async { MemoryStore::new() }).await;
}
