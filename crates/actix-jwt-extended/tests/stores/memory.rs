use actix_jwt_extended::{MemoryStore, store_testing};

#[actix_web::test]
async fn passes_every_check() {
    store_testing::check(|_| async { MemoryStore::new() }).await;
    store_testing::check_cleanup(|_| async { MemoryStore::new() }).await;
}
